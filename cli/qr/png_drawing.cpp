#include <png.h>

#include "cli/failure.hpp"
#include "cli/qr/symbol.hpp"

namespace drawbridge::cli::qr {
namespace {

// One byte of grey a pixel, rows from the top.
Bytes pixels_of(const Symbol& symbol, int scale, int side) {
  Bytes pixels(static_cast<size_t>(side) * static_cast<size_t>(side));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      bool dark = symbol.dark(x / scale - quiet_zone, y / scale - quiet_zone);
      pixels[static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x)] = dark ? 0 : 255;
    }
  }
  return pixels;
}

}  // namespace

Bytes draw_png(const Symbol& symbol, int scale) {
  int side = (symbol.side() + 2 * quiet_zone) * scale;
  Bytes pixels = pixels_of(symbol, scale, side);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = static_cast<png_uint_32>(side);
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  bool written = png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr) != 0;
  Bytes png(size);
  written = written && png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr) != 0;
  if (!written) throw CommandFailed(ErrorCode::internal, "The picture could not be made.", "Use --qr svg.");
  png.resize(size);
  return png;
}

}  // namespace drawbridge::cli::qr
