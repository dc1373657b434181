// Work that the operating system may hold up for ever: a disk that hangs cannot be told to give up.
#pragma once

#include <functional>
#include <future>

namespace drawbridge::folder {

// Runs `work` on a thread of its own, which nobody joins: it must own all that it touches. Without a thread to be had it
// is done before this returns.
std::shared_future<void> start_detached(std::function<void()> work);

}  // namespace drawbridge::folder
