#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "cli/qr/symbol.hpp"
// libjpeg's header needs FILE before it.
#include <jpeglib.h>

#include <regex>

#include "cli/atomic_file.hpp"
#include "cli/failure.hpp"
#include "cli/qr/image_reader.hpp"
#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;

namespace {

const std::string the_link =
    "drawbridge:#AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_"
    "QEFCQ0RFRkdISUpLTE1OT1BR";

// What an observer who has never seen our code reads.
std::string zbarimg(const std::string& file) {
  std::string text;
  FILE* pipe = popen(("zbarimg --quiet --raw " + file + " 2>/dev/null").c_str(), "r");
  char buffer[4096];
  while (size_t length = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, length);
  pclose(pipe);
  return text;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

// A terminal's screen as a camera sees it: each character 8 by 16 pixels, half blocks inked in the foreground colour.
qr::GreyImage photograph(const std::string& drawing, bool screen_is_dark, unsigned border = 32) {
  bool coloured = drawing.find('\x1b') != std::string::npos;
  uint8_t ink = coloured ? 0 : screen_is_dark ? 255 : 0, paper = coloured ? 255 : screen_is_dark ? 0 : 255;
  auto rows = lines(std::regex_replace(drawing, std::regex("\x1b\\[[0-9;]*m"), ""));
  std::vector<std::vector<std::pair<bool, bool>>> cells;
  for (const std::string& row : rows) {
    cells.emplace_back();
    for (size_t i = 0; i < row.size();) {
      std::string glyph = row[i] == ' ' ? " " : row.substr(i, 3);
      cells.back().emplace_back(glyph == "█" || glyph == "▀", glyph == "█" || glyph == "▄");
      i += glyph.size();
    }
  }
  qr::GreyImage image;
  image.width = static_cast<unsigned>(cells[0].size()) * 8 + 2 * border;
  image.height = static_cast<unsigned>(cells.size()) * 16 + 2 * border;
  image.pixels.assign(size_t{image.width} * image.height, screen_is_dark ? 0 : 255);
  for (size_t y = 0; y < cells.size() * 16; ++y) {
    for (size_t x = 0; x < cells[0].size() * 8; ++x) {
      auto [upper, lower] = cells[y / 16][x / 8];
      image.pixels[(y + border) * image.width + x + border] = (y % 16 < 8 ? upper : lower) ? ink : paper;
    }
  }
  return image;
}

std::string as_pgm(const qr::GreyImage& image) {
  return "P5 " + std::to_string(image.width) + " " + std::to_string(image.height) + " 255\n" + to_string(image.pixels);
}

// A photograph as a telephone stores it: JPEG, in colour.
Bytes as_jpeg(const qr::GreyImage& image) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &memory, &size);
  encoder.image_width = image.width, encoder.image_height = image.height;
  encoder.input_components = 3, encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 60, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  for (size_t y = 0; y < image.height; ++y) {
    Bytes row;
    for (size_t x = 0; x < image.width; ++x) row.insert(row.end(), 3, image.pixels[y * image.width + x]);
    uint8_t* pointer = row.data();
    jpeg_write_scanlines(&encoder, &pointer, 1);
  }
  jpeg_finish_compress(&encoder);
  Bytes file(memory, memory + size);
  jpeg_destroy_compress(&encoder);
  std::free(memory);
  return file;
}

}  // namespace

TEST_CASE("a photograph of the screen in JPEG is read, and every truncation of it refused or read, never fatal") {
  Bytes file = as_jpeg(photograph(qr::draw_in_terminal(qr::encode(the_link), qr::Ink::colours), true));
  CHECK(qr::read_image(qr::decode_picture(file)) == the_link);
  for (size_t length = 0; length < file.size(); length += 97) {
    try {
      qr::read_image(qr::decode_picture(ByteView(file).first(length)));
    } catch (const CommandFailed& failed) {
      CHECK((failed.failure().code == "malformed" || failed.failure().code == "not_found"));
    }
  }
}

TEST_CASE("zbarimg reads the PNG and our own reader agrees") {
  TemporaryDirectory folder;
  std::string file = folder / "code.png";
  write_file_atomically(file, qr::draw_png(qr::encode(the_link)), 0600, Existing::replace);
  CHECK(zbarimg(file) == the_link + "\n");
  CHECK(qr::read_image_file(file) == the_link);
}

TEST_CASE("the terminal's drawing is read on dark and light screens, with and without colours") {
  TemporaryDirectory folder;
  auto [ink, screen_is_dark] = GENERATE(table<qr::Ink, bool>({{qr::Ink::colours, true},
                                                              {qr::Ink::colours, false},
                                                              {qr::Ink::dark_screen, true},
                                                              {qr::Ink::light_screen, false}}));
  auto image = photograph(qr::draw_in_terminal(qr::encode(the_link), ink), screen_is_dark);
  std::string file = folder / "screen.pgm";
  write_file_atomically(file, as_bytes(as_pgm(image)), 0600, Existing::replace);
  CHECK(zbarimg(file) == the_link + "\n");
  CHECK(qr::read_image(image) == the_link);
}

TEST_CASE("the drawing has a quiet zone of four modules on every side and stays dark on light") {
  qr::Symbol symbol = qr::encode(the_link);
  auto image = photograph(qr::draw_in_terminal(symbol, qr::Ink::colours), true, 0);
  auto light = [&](unsigned x, unsigned y) { return image.pixels[y * image.width + x] == 255; };
  CHECK(image.width == static_cast<unsigned>(qr::terminal_columns(symbol)) * 8);
  for (unsigned i = 0; i < image.width; ++i) {
    CHECK((light(i, 31) && light(31, i) && light(image.width - 32, i)));
  }
  CHECK_FALSE(light(32, 32));
}

TEST_CASE("the SVG draws exactly the symbol's dark modules") {
  qr::Symbol symbol = qr::encode(the_link);
  std::string svg = qr::draw_svg(symbol);
  std::vector<bool> drawn(static_cast<size_t>(symbol.side() * symbol.side()));
  std::regex run("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");
  for (std::sregex_iterator at(svg.begin(), svg.end(), run), end; at != end; ++at) {
    CHECK((*at)[3] == (*at)[4]);
    for (int i = 0; i < std::stoi((*at)[3]); ++i) {
      int x = std::stoi((*at)[1]) + i - qr::quiet_zone, y = std::stoi((*at)[2]) - qr::quiet_zone;
      drawn[static_cast<size_t>(y * symbol.side() + x)] = true;
    }
  }
  for (int y = 0; y < symbol.side(); ++y) {
    for (int x = 0; x < symbol.side(); ++x)
      REQUIRE(drawn[static_cast<size_t>(y * symbol.side() + x)] == symbol.dark(x, y));
  }
}

TEST_CASE("a text too long for any symbol is refused") {
  CHECK_THROWS_AS(qr::encode(std::string(3000, 'x')), CommandFailed);
}

TEST_CASE("a picture without a code is refused in words") {
  qr::GreyImage blank{64, 64, Bytes(64 * 64, 200)};
  CHECK_THROWS_WITH(qr::read_image(blank), Catch::Contains("No QR code"));
}

TEST_CASE("every truncation of a picture is refused or read, never fatal") {
  Bytes png = qr::draw_png(qr::encode("short"), 2);
  for (size_t length = 0; length < png.size(); length += 7) {
    try {
      qr::decode_picture(ByteView(png).first(length));
    } catch (const CommandFailed& failed) {
      CHECK(failed.failure().code == "malformed");
    }
  }
  CHECK_THROWS_AS(qr::decode_picture(from_hex("ffd8ffe000104a464946000101")), CommandFailed);
}
