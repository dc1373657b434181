// Copies between standard input/output and a socket, each direction on its own.
#pragma once

#include "keys/bytes.hpp"

namespace drawbridge::cli {

// Writes `first` and then all that comes from `socket` to standard output, and standard input to `socket`. The end of
// standard input becomes a half-close of the socket; the socket's end closes standard output. Returns when both
// directions have ended, or the socket is closed as a whole: true if it ended in order, false if it was reset.
bool splice_stdio(int socket, const Bytes& first);

}  // namespace drawbridge::cli
