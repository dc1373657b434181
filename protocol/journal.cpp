#include "protocol/journal.hpp"

#include "protocol/base/limits.hpp"

namespace drawbridge {

void Journal::put(Row row) {
  due_ = true;
  add(std::move(row));
}

void Journal::put_lazily(Row row, Instant now) {
  lazy_deadline_ = std::min(lazy_deadline_, now + limits::lazy_write);
  add(std::move(row));
}

void Journal::then(Then action) {
  due_ = true;
  waiting_[open_ticket_].push_back(std::move(action));
}

void Journal::add(Row row) {
  auto [place, fresh] = index_.try_emplace({row.kind, row.key}, rows_.size());
  if (fresh) rows_.push_back(std::move(row));
  else rows_[place->second] = std::move(row);
}

std::optional<PersistBatch> Journal::poll() {
  if (in_flight_ != 0 || !due_) return std::nullopt;
  in_flight_ = open_ticket_++;
  due_ = false;
  lazy_deadline_ = far_future;
  index_.clear();
  return PersistBatch{in_flight_, std::exchange(rows_, {})};
}

void Journal::handle_persisted(Now now, uint64_t ticket, const std::optional<Error>& error) {
  if (ticket != in_flight_) return;
  in_flight_ = 0;
  auto found = waiting_.extract(ticket);
  if (found.empty()) return;
  for (Then& action : found.mapped()) action(now, error);
}

}  // namespace drawbridge
