// A line on standard error that says what is being waited for, once it takes longer than a second. On a terminal
// only; it is taken away again at the end.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/admin_client.hpp"

namespace drawbridge::cli {

class Progress {
 public:
  // `what`: "Waiting for the office". Disabled: never prints.
  Progress(std::ostream& err, bool enabled, std::string what);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Call at about next_tick(): draws the line if its time has come.
  void tick();
  Clock::time_point next_tick() const;
  // Takes the line away, so that something else can be printed; tick() draws it again.
  void clear();

 private:
  std::ostream& err_;
  bool enabled_;
  std::string what_;
  Clock::time_point started_ = Clock::now();
  bool drawn_ = false;
};

}  // namespace drawbridge::cli
