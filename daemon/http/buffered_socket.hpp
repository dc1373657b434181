// BufferedSocket: a connection of HTTP, non-blocking, with what its other end has not taken yet.
#pragma once

#include <functional>
#include <string>

#include "daemon/io/watch.hpp"
#include "keys/bytes.hpp"

namespace drawbridge::http {

class BufferedSocket {
 public:
  struct Callbacks {
    std::function<void()> readable;
    std::function<void()> drained;  // everything written was taken
    std::function<void()> failed;   // nobody is there any more
  };
  enum class ReadResult { some, none, ended };

  // Each callback may destroy the socket.
  BufferedSocket(Loop& loop, FileDescriptor fd, Callbacks callbacks);

  // Appends at most `max` bytes to `into`.
  ReadResult read(std::string& into, size_t max);
  // What the kernel does not take is kept until it does.
  void write(ByteView bytes);
  bool full() const { return !pending_.empty(); }
  void want_read(bool wanted);
  // After everything written.
  void finish_write();
  // The other end is to see that the message is not whole: a reset follows when this object goes.
  void abandon();
  // For another owner. Not while full().
  FileDescriptor release();

 private:
  void ready(unsigned events);
  void flush();
  void await_events();

  FileDescriptor fd_;
  FdWatch watch_;
  Callbacks callbacks_;
  std::string pending_;
  bool read_wanted_ = true;
  bool finishing_ = false;
  bool broken_ = false;
};

}  // namespace drawbridge::http
