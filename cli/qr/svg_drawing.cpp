#include <fmt/format.h>

#include "cli/qr/symbol.hpp"

namespace drawbridge::cli::qr {

std::string draw_svg(const Symbol& symbol) {
  int side = symbol.side() + 2 * quiet_zone;
  std::string path;
  for (int y = 0; y < symbol.side(); ++y) {
    for (int x = 0; x < symbol.side(); ++x) {
      int begin = x;
      while (symbol.dark(x, y)) ++x;
      if (x > begin) path += fmt::format("M{} {}h{}v1h-{}z", begin + quiet_zone, y + quiet_zone, x - begin, x - begin);
    }
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" width=\"{1}\" height=\"{1}\" "
      "shape-rendering=\"crispEdges\">"
      "<rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/><path d=\"{2}\" fill=\"#000\"/></svg>\n",
      side, side * 8, path);
}

}  // namespace drawbridge::cli::qr
