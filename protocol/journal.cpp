#include "protocol/journal.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"

namespace drawbridge {
namespace {

template <typename T>
void prepend(std::vector<T>& later, std::vector<T>& earlier) {
  later.insert(later.begin(), std::make_move_iterator(earlier.begin()), std::make_move_iterator(earlier.end()));
  earlier.clear();
}

}  // namespace

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
  waiting_.actions.push_back(std::move(action));
}

void Journal::when_durable(Durable action) {
  due_ = true;
  waiting_.patient.push_back(std::move(action));
}

void Journal::add(Row row) {
  auto [place, fresh] = index_.try_emplace({row.kind, row.key}, rows_.size());
  if (fresh) rows_.push_back(std::move(row));
  else rows_[place->second] = std::move(row);
}

bool Journal::full() const { return rows_.size() >= limits::unsaved_rows; }

std::optional<PersistBatch> Journal::poll() {
  if (in_flight_ != 0 || !due_) return std::nullopt;
  in_flight_ = open_ticket_++;
  due_ = false;
  lazy_deadline_ = far_future;
  index_.clear();
  written_ = std::exchange(rows_, {});
  waiting_for_written_ = std::exchange(waiting_, {});
  written_urgency_ = std::exchange(urgency_, Urgency::ordinary);
  return PersistBatch{in_flight_, written_, written_urgency_};
}

void Journal::handle_persisted(Now now, uint64_t ticket) {
  if (ticket != in_flight_) return;
  in_flight_ = 0;
  written_.clear();
  Waiting done = std::exchange(waiting_for_written_, {});
  for (Durable& action : done.patient) action(now);
  for (Then& action : done.actions) action(now, std::nullopt);
}

void Journal::handle_refused(Now now, uint64_t ticket, const Error& error) {
  if (ticket != in_flight_) return;
  in_flight_ = 0;
  hold(written_urgency_);
  // Back to the front: rows put since then are newer.
  std::vector<Row> newer = std::exchange(rows_, {});
  index_.clear();
  for (Row& row : std::exchange(written_, {})) add(std::move(row));
  for (Row& row : newer) add(std::move(row));
  // What was asked for since then builds on what was refused, so it is refused as well.
  prepend(waiting_.patient, waiting_for_written_.patient);
  prepend(waiting_.actions, waiting_for_written_.actions);
  std::vector<Then> refused = std::exchange(waiting_.actions, {});
  std::reverse(refused.begin(), refused.end());
  for (Then& action : refused) action(now, error);
  due_ = false;
  lazy_deadline_ = now.boot + limits::refused_write_retry;
}

}  // namespace drawbridge
