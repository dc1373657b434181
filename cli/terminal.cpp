#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace drawbridge::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// COLORFGBG is "foreground;background" in the 16-colour numbering; 7 and 9 to 15 are light.
bool background_is_dark() {
  std::string_view colours = environment("COLORFGBG");
  std::string_view background = colours.substr(colours.find_last_of(';') + 1);
  if (colours.find(';') == colours.npos || background.empty()) return true;
  int number = std::atoi(std::string(background).c_str());
  return number < 7 || number == 8;
}

int columns_of(int descriptor) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Terminal ask_terminal() {
  Terminal terminal;
  bool dumb = environment("TERM") == "dumb";
  terminal.interactive = isatty(STDOUT_FILENO) == 1;
  terminal.input = isatty(STDIN_FILENO) == 1;
  terminal.progress = isatty(STDERR_FILENO) == 1 && !dumb;
  terminal.colour = terminal.interactive && !dumb && environment("NO_COLOR").empty();
  terminal.dark = background_is_dark();
  terminal.columns = columns_of(STDOUT_FILENO);
  return terminal;
}

}  // namespace drawbridge::cli
