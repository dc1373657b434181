#include "cli/progress.hpp"

#include <fmt/format.h>

#include <ostream>

namespace drawbridge::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto quiet_for = 1s;
constexpr auto step = 125ms;

}  // namespace

Progress::Progress(std::ostream& err, bool enabled, std::string what)
    : err_(err), enabled_(enabled), what_(std::move(what)) {}

Clock::time_point Progress::next_tick() const {
  if (!enabled_) return Clock::now() + 1h;
  return std::max(started_ + quiet_for, Clock::now() + step);
}

void Progress::tick() {
  static constexpr const char* frames[] = {"⠋", "⠙", "⠸", "⠴", "⠦", "⠇"};
  auto elapsed = Clock::now() - started_;
  if (!enabled_ || elapsed < quiet_for) return;
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  err_ << fmt::format("\r\x1b[K{} {} ({} s)", frames[elapsed / step % std::size(frames)], what_, seconds) << std::flush;
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) err_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace drawbridge::cli
