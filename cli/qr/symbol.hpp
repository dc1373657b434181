// A QR symbol (ISO/IEC 18004) as a square of modules, and the ways it is drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keys/bytes.hpp"

namespace drawbridge::cli::qr {

constexpr int quiet_zone = 4;  // light modules around the symbol, as the standard asks

// Dark and light modules, without the quiet zone. Coordinates outside are light.
class Symbol {
 public:
  Symbol(int side, std::vector<bool> dark) : side_(side), dark_(std::move(dark)) {}
  int side() const { return side_; }
  bool dark(int x, int y) const {
    return x >= 0 && y >= 0 && x < side_ && y < side_ && dark_[static_cast<size_t>(y * side_ + x)];
  }

 private:
  int side_;
  std::vector<bool> dark_;
};

// The smallest symbol that holds the text. Throws CommandFailed (`limit`) above 2,953 bytes.
Symbol encode(std::string_view text);

// Half-block characters, two modules above one another in each, quiet zone included; lines end in "\n".
enum class Ink {
  colours,       // black on white set explicitly: right on every background
  dark_screen,   // no colours: the terminal's light foreground draws the light modules
  light_screen,  // no colours: its dark foreground draws the dark ones
};
std::string draw_in_terminal(const Symbol& symbol, Ink ink);
// Columns that draw_in_terminal takes.
inline int terminal_columns(const Symbol& symbol) {
  return symbol.side() + 2 * quiet_zone;
}

// Pictures, black on white with the quiet zone. `scale`: pixels a module.
Bytes draw_png(const Symbol& symbol, int scale = 8);
std::string draw_svg(const Symbol& symbol);

}  // namespace drawbridge::cli::qr
