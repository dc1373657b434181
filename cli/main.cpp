#include <csignal>
#include <iostream>

#include "cli/command_table.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return drawbridge::cli::run({argv + 1, argv + argc}, std::cin, std::cout, std::cerr, drawbridge::cli::ask_terminal());
}
