// What the place that we print to can do, asked once at start.
#pragma once

namespace drawbridge::cli {

struct Terminal {
  bool interactive = false;  // standard output is a terminal
  bool input = false;        // standard input is one
  bool progress = false;     // standard error is one
  bool colour = false;       // may use colours: interactive, NO_COLOR not set, TERM not dumb
  bool dark = true;          // best guess at the background, from COLORFGBG
  int columns = 80;
};

Terminal ask_terminal();

}  // namespace drawbridge::cli
