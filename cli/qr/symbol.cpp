#include "cli/qr/symbol.hpp"

#include <qrencode.h>

#include <memory>

#include "cli/failure.hpp"

namespace drawbridge::cli::qr {

Symbol encode(std::string_view text) {
  // Level L: a screen is not scratched, and fewer modules are larger ones.
  std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0,
                        QR_ECLEVEL_L),
      QRcode_free);
  if (!code)
    throw CommandFailed(ErrorCode::limit, "The link is too long for a QR code.", "Use --link-only and send the link.");
  std::vector<bool> dark;
  for (int i = 0; i < code->width * code->width; ++i) dark.push_back((code->data[i] & 1) != 0);
  return {code->width, std::move(dark)};
}

}  // namespace drawbridge::cli::qr
