#include "cli/qr/image_reader.hpp"

#include <zbar.h>

#include <memory>

#include "cli/atomic_file.hpp"
#include "cli/failure.hpp"

namespace drawbridge::cli::qr {
namespace {

constexpr size_t max_file_size = 64 * 1024 * 1024;

using namespace zbar;  // the C interface: its header puts it there for C++
using QrScanner = std::unique_ptr<zbar_image_scanner_t, decltype(&zbar_image_scanner_destroy)>;
using ScannedImage = std::unique_ptr<zbar_image_t, decltype(&zbar_image_destroy)>;

QrScanner qr_scanner() {
  QrScanner scanner(zbar_image_scanner_create(), zbar_image_scanner_destroy);
  zbar_image_scanner_set_config(scanner.get(), ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
  zbar_image_scanner_set_config(scanner.get(), ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
  zbar_image_scanner_set_config(scanner.get(), ZBAR_QRCODE, ZBAR_CFG_TEST_INVERTED, 1);
  return scanner;
}

ScannedImage image_over(const GreyImage& grey) {
  ScannedImage image(zbar_image_create(), zbar_image_destroy);
  zbar_image_set_format(image.get(), zbar_fourcc('Y', '8', '0', '0'));
  zbar_image_set_size(image.get(), grey.width, grey.height);
  zbar_image_set_data(image.get(), grey.pixels.data(), grey.pixels.size(), nullptr);
  return image;
}

}  // namespace

std::string read_image(const GreyImage& grey) {
  QrScanner scanner = qr_scanner();
  ScannedImage image = image_over(grey);
  zbar_scan_image(scanner.get(), image.get());
  std::string found;
  for (const zbar_symbol_t* symbol = zbar_image_first_symbol(image.get()); symbol; symbol = zbar_symbol_next(symbol)) {
    std::string text(zbar_symbol_get_data(symbol), zbar_symbol_get_data_length(symbol));
    if (!found.empty() && text != found)
      throw CommandFailed(ErrorCode::invalid_argument, "The picture shows several codes.", "Cut out the right one.");
    found = text;
  }
  if (found.empty())
    throw CommandFailed(ErrorCode::not_found, "No QR code was found in the picture.",
                        "Take it straight on, with the white border in view.");
  return found;
}

std::string read_image_file(const std::string& path) {
  return read_image(decode_picture(read_file(path, max_file_size)));
}

}  // namespace drawbridge::cli::qr
