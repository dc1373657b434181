// Ctrl-C and SIGTERM as something that can be waited for, for commands that must tidy up before they end.
#pragma once

namespace drawbridge::cli {

// While it lives, SIGINT and SIGTERM do not end the process but make descriptor() readable.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  int descriptor() const { return descriptor_; }
  bool happened() const;

 private:
  int descriptor_;
};

}  // namespace drawbridge::cli
