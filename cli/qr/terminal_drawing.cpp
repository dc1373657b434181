#include "cli/qr/symbol.hpp"

namespace drawbridge::cli::qr {
namespace {

// The half-block whose upper and lower half are inked as said.
const char* half_block(bool upper, bool lower) {
  if (upper && lower) return "█";
  if (upper) return "▀";
  return lower ? "▄" : " ";
}

}  // namespace

std::string draw_in_terminal(const Symbol& symbol, Ink ink) {
  bool ink_is_light = ink == Ink::dark_screen;
  int first = -quiet_zone, last = symbol.side() + quiet_zone;
  std::string text;
  for (int y = first; y < last; y += 2) {
    // Palette entries 16 and 231 are black and white in every theme; 0 and 15 are not.
    if (ink == Ink::colours) text += "\x1b[38;5;16;48;5;231m";
    for (int x = first; x < last; ++x) {
      // The side is odd: below the last row there is half a line that belongs to nobody, left without ink.
      bool lower_exists = y + 1 < last;
      text +=
          half_block(symbol.dark(x, y) != ink_is_light, lower_exists ? symbol.dark(x, y + 1) != ink_is_light : false);
    }
    text += ink == Ink::colours ? "\x1b[0m\n" : "\n";
  }
  return text;
}

}  // namespace drawbridge::cli::qr
