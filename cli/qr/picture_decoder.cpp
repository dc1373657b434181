#include <png.h>

#include <csetjmp>
#include <cstdio>
// libjpeg's header needs size_t and FILE before it.
#include <jpeglib.h>

#include "cli/failure.hpp"
#include "cli/qr/image_reader.hpp"

namespace drawbridge::cli::qr {
namespace {

constexpr size_t max_pixels = 64'000'000;

CommandFailed unreadable() {
  return {ErrorCode::malformed, "The picture cannot be read.", "Use an undamaged PNG or JPEG file."};
}

CommandFailed too_large() {
  return {ErrorCode::limit, "The picture is too large.", "Cut out the part with the code."};
}

bool is_png(ByteView file) {
  return file.size() >= 8 && png_sig_cmp(file.data(), 0, 8) == 0;
}
bool is_jpeg(ByteView file) {
  return file.size() >= 3 && file[0] == 0xff && file[1] == 0xd8 && file[2] == 0xff;
}

GreyImage decode_png(ByteView file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, file.data(), file.size())) throw unreadable();
  if (size_t{image.width} * image.height > max_pixels) {
    png_image_free(&image);
    throw too_large();
  }
  image.format = PNG_FORMAT_GRAY;
  GreyImage grey{image.width, image.height, Bytes(PNG_IMAGE_SIZE(image))};
  png_color white{255, 255, 255};  // behind transparent parts
  if (!png_image_finish_read(&image, &white, grey.pixels.data(), 0, nullptr)) throw unreadable();
  return grey;
}

// libjpeg reports errors by a call that must not return; everything between setjmp and its target is plain C.
struct JpegFailure {
  jpeg_error_mgr base;
  std::jmp_buf target;
};

void leave_jpeg(j_common_ptr decoder) {
  std::longjmp(reinterpret_cast<JpegFailure*>(decoder->err)->target, 1);
}
void stay_silent(j_common_ptr) {}

// False for a damaged file; `grey` is then unusable. Too large: width and height are set, pixels stay empty.
bool decode_jpeg_into(ByteView file, GreyImage& grey) {
  jpeg_decompress_struct decoder;
  JpegFailure failure;
  decoder.err = jpeg_std_error(&failure.base);
  failure.base.error_exit = leave_jpeg;
  failure.base.output_message = stay_silent;
  if (setjmp(failure.target) != 0) {
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, file.data(), file.size());
  jpeg_read_header(&decoder, TRUE);
  grey.width = decoder.image_width, grey.height = decoder.image_height;
  if (size_t{grey.width} * grey.height <= max_pixels) {
    decoder.out_color_space = JCS_GRAYSCALE;
    grey.pixels.resize(size_t{grey.width} * grey.height);
    jpeg_start_decompress(&decoder);
    while (decoder.output_scanline < decoder.output_height) {
      uint8_t* row = grey.pixels.data() + size_t{decoder.output_scanline} * grey.width;
      jpeg_read_scanlines(&decoder, &row, 1);
    }
  }
  jpeg_destroy_decompress(&decoder);
  return true;
}

}  // namespace

GreyImage decode_picture(ByteView file) {
  if (is_png(file)) return decode_png(file);
  GreyImage grey;
  if (!is_jpeg(file) || !decode_jpeg_into(file, grey)) throw unreadable();
  if (grey.pixels.empty()) throw too_large();
  return grey;
}

}  // namespace drawbridge::cli::qr
