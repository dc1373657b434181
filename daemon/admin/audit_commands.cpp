// audit.show, audit.export, audit.heads: the chain of records, and its end.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/audit_reader.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/rfc3339.hpp"
#include "keys/hash.hpp"

namespace drawbridge::admin {
namespace {

constexpr Duration follow_interval = 250ms;

Value text(const std::string& value) {
  return value.empty() ? Value() : Value(value);
}

Value record_document(const Row& row, bool with_bytes) {
  auto parsed = audit::parse(*row.value);
  if (!parsed) {
    return Value::map({{"seq", sequence_of(row)},
                       {"time", nullptr},
                       {"type", "damaged"},
                       {"hash", to_hex(blake2b_256({*row.value}))}});
  }
  const audit::Record& record = parsed->record;
  bool counted = record.type == audit::RecordType::flow_closed;
  Value out = Value::map({{"seq", record.sequence},
                          {"time", to_rfc3339(record.time)},
                          {"type", audit::type_name(record.type)},
                          {"device", record.device ? Value(to_text(*record.device)) : Value()},
                          {"device_name", text(record.device_name)},
                          {"service", text(record.service)},
                          {"detail", text(record.detail)},
                          {"bytes_sent", counted ? Value(record.sent) : Value()},
                          {"bytes_received", counted ? Value(record.received) : Value()},
                          {"hash", to_hex(blake2b_256({*row.value}))}});
  if (with_bytes) out.set("record", *row.value);
  return out;
}

// What stands before the first record of a trail that was pruned.
Value first_document(const audit::Checkpoint& checkpoint, bool with_bytes) {
  Value out = Value::map({{"seq", checkpoint.sequence},
                          {"time", to_rfc3339(checkpoint.time)},
                          {"type", "checkpoint"},
                          {"device", nullptr},
                          {"device_name", nullptr},
                          {"service", nullptr},
                          {"detail", "stands for the records until " + to_rfc3339(checkpoint.until)},
                          {"bytes_sent", nullptr},
                          {"bytes_received", nullptr},
                          {"hash", to_hex(checkpoint.hash)}});
  if (with_bytes) out.set("record", *audit::to_row(checkpoint).value);
  return out;
}

struct Selection {
  std::optional<WallTime> from, to;
  bool with_bytes = false;
  bool follow = false;

  Value choose(const std::vector<Row>& rows) const {
    Value out = Value::array();
    for (const Row& row : rows) {
      auto parsed = audit::parse(*row.value);
      bool before = parsed && from && parsed->record.time < *from;
      bool after = parsed && to && parsed->record.time > *to;
      if (!before && !after) out.push(record_document(row, with_bytes));
    }
    return out;
  }
};

// Looks for new records until the client goes.
class Follower : public std::enable_shared_from_this<Follower> {
 public:
  Follower(Scope& scope, const CallPtr& call) : scope_(scope), call_(call), timer_(scope.loop, [this] { look(); }) {}
  void wait(std::shared_ptr<AuditReader> reader, uint64_t seen) {
    reader_ = std::move(reader);
    seen_ = seen;
    timer_.start(follow_interval);
  }

 private:
  void look() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return reader_.reset();
    if (scope_.node().audit_head().first == seen_) return timer_.start(follow_interval);
    std::exchange(reader_, {})->next();
  }

  Scope& scope_;
  std::weak_ptr<Call> call_;
  LocalTimer timer_;
  std::shared_ptr<AuditReader> reader_;
  uint64_t seen_ = 0;
};

void stream_stored(Scope& scope, const CallPtr& call, const Selection& selection) {
  auto follower = std::make_shared<Follower>(scope, call);
  auto seen = std::make_shared<uint64_t>(0);
  auto weak_reader = std::make_shared<std::weak_ptr<AuditReader>>();
  auto page = [&scope, call, selection, follower, seen, weak_reader](const Result<std::vector<Row>>& rows) {
    if (!rows) return call->fail(rows.error()), false;
    if (!rows->empty()) *seen = sequence_of(rows->back());
    Value chosen = selection.choose(*rows);
    if (!rows->empty() && !chosen.items().empty()) call->more(std::move(chosen));
    if (!rows->empty()) return true;
    if (selection.follow) {
      follower->wait(weak_reader->lock(), *seen);
    } else {
      call->result(Value::array());
    }
    return false;
  };
  auto reader = std::make_shared<AuditReader>(scope, call, std::move(page));
  *weak_reader = reader;
  reader->next();
}

void stream_records(Scope& scope, const CallPtr& call, const Selection& selection) {
  read_checkpoint(scope, call, [&scope, call, selection](const StoredCheckpoint& stored) {
    // Of a time after the pruned records the checkpoint says nothing.
    bool concerned = stored.checkpoint && !(selection.from && *selection.from > stored.checkpoint->until);
    if (concerned) call->more(Value::array({first_document(*stored.checkpoint, selection.with_bytes)}));
    stream_stored(scope, call, selection);
  });
}

Value head_document(const audit::Head& head) {
  return Value::map({{"seq", head.sequence},
                     {"hash", to_hex(head.hash)},
                     {"time", to_rfc3339(head.time)},
                     {"signature", to_hex(head.signature)}});
}

Value kept_head_document(const std::string& name, const DeviceId& office, const audit::Head& newest, Value disputed) {
  Value out = head_document(newest);
  out.set("office", name);
  out.set("id", to_text(office));
  out.set("disputed", std::move(disputed));
  return out;
}

}  // namespace

void run_audit_heads(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  Value out = Value::array();
  if (scope.node().audit_head().first > 0)
    out.push(kept_head_document(scope.name, scope.node().id(), scope.node().sign_audit_head(scope.now()), Value()));
  for (const auto& [office, kept] : scope.node().audit_heads()) {
    std::string name;
    for (const PeerStatus& peer : scope.node().peers(scope.now())) {
      if (peer.key == RelationKey{PeerRole::office, office}) name = peer.name;
    }
    out.push(kept_head_document(name, office, kept.newest, kept.disputed ? head_document(*kept.disputed) : Value()));
  }
  call->result(std::move(out));
}

void run_audit_show(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  Selection selection{arguments.optional_time("from"), arguments.optional_time("to"), false, arguments.flag("follow")};
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  stream_records(scope, call, selection);
}

void run_audit_export(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  Selection selection{arguments.optional_time("from"), arguments.optional_time("to"), true, false};
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  stream_records(scope, call, selection);
}

}  // namespace drawbridge::admin
