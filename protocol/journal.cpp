#include "protocol/journal.hpp"

namespace drawbridge {

void Journal::put(Row row) {
  auto [place, fresh] = index_.try_emplace({row.kind, row.key}, rows_.size());
  if (fresh) rows_.push_back(std::move(row));
  else rows_[place->second] = std::move(row);
}

std::optional<PersistBatch> Journal::poll() {
  bool waiters = waiting_.contains(open_ticket_);
  if (in_flight_ != 0 || (rows_.empty() && !waiters)) return std::nullopt;
  in_flight_ = open_ticket_++;
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
