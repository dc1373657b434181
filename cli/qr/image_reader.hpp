// Finds the QR code in a picture, for computers without a camera.
#pragma once

#include <string>

#include "keys/bytes.hpp"

namespace drawbridge::cli::qr {

// A picture in shades of grey: one byte a pixel, rows from the top, no padding.
struct GreyImage {
  unsigned width = 0, height = 0;
  Bytes pixels;
};

// PNG or JPEG, recognised by content, at most 64 megapixels. Throws CommandFailed (`malformed`) otherwise.
GreyImage decode_picture(ByteView file);

// The text of the only QR code in the picture. Throws CommandFailed: `not_found`, or `invalid_argument` if several
// codes say different things.
std::string read_image(const GreyImage& image);

// Both, from a file of at most 64 MiB.
std::string read_image_file(const std::string& path);

}  // namespace drawbridge::cli::qr
