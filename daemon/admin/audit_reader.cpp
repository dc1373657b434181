#include "daemon/admin/audit_reader.hpp"

#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {
namespace {

constexpr size_t records_a_page = 256;

StoredCheckpoint checkpoint_in(const std::optional<Bytes>& value, const DeviceId& node) {
  if (!value) return {};
  auto parsed = audit::parse_checkpoint(*value);
  bool ours = parsed && audit::is_signed_by(*parsed, node);
  return ours ? StoredCheckpoint{parsed, false} : StoredCheckpoint{std::nullopt, true};
}

}  // namespace

uint64_t sequence_of(const Row& row) {
  uint64_t sequence = 0;
  for (uint8_t byte : row.key) sequence = sequence << 8 | byte;
  return sequence;
}

void AuditReader::next() {
  auto rows = std::make_shared<Result<std::vector<Row>>>(std::vector<Row>());
  scope_.driver.writes().ask(
      [rows, first = next_](RowStore& store) { *rows = store.load_audit(first, UINT64_MAX >> 1, records_a_page); },
      [self = shared_from_this(), rows] { self->read(*rows); });
}

void AuditReader::read(const Result<std::vector<Row>>& rows) {
  if (!call_->open()) return;
  if (rows && !rows->empty()) next_ = sequence_of(rows->back()) + 1;
  if (!page_(rows) || !call_->open()) return;
  call_->when_sent([self = shared_from_this()] { self->next(); });
}

void read_checkpoint(Scope& scope, const CallPtr& call, std::function<void(const StoredCheckpoint&)> then) {
  auto value = std::make_shared<Result<std::optional<Bytes>>>(std::optional<Bytes>());
  scope.driver.writes().ask([value](RowStore& store) { *value = store.value_of(RowKind::audit_checkpoint, {}); },
                            [&scope, call, value, then = std::move(then)] {
                              if (!*value) return call->fail(value->error());
                              then(checkpoint_in(**value, scope.node().id()));
                            });
}

Value checkpoint_document(const audit::Checkpoint& checkpoint) {
  return Value::map({{"seq", checkpoint.sequence},
                     {"hash", to_hex(checkpoint.hash)},
                     {"until", to_rfc3339(checkpoint.until)},
                     {"time", to_rfc3339(checkpoint.time)},
                     {"signature", to_hex(checkpoint.signature)}});
}

}  // namespace drawbridge::admin
