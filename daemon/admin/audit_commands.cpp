// audit.show, audit.export, audit.verify: the chain of records, read from the disk a page at a time.
#include <charconv>
#include <map>

#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/rfc3339.hpp"
#include "keys/hash.hpp"
#include "protocol/audit/audit_record.hpp"

namespace drawbridge::admin {
namespace {

constexpr size_t records_a_page = 256;
constexpr Duration follow_interval = 250ms;

// One row as stored: the key is its sequence number, big-endian.
uint64_t sequence_of(const Row& row) {
  uint64_t sequence = 0;
  for (uint8_t byte : row.key) sequence = sequence << 8 | byte;
  return sequence;
}

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

// Reads the audit rows in order, page by page, while the call is open. `page` handles one (empty: no more for now)
// and says whether to go on.
class AuditReader : public std::enable_shared_from_this<AuditReader> {
 public:
  using Page = std::function<bool(const Result<std::vector<Row>>&)>;
  AuditReader(Scope& scope, CallPtr call, Page page) : scope_(scope), call_(std::move(call)), page_(std::move(page)) {}

  void next() {
    auto rows = std::make_shared<Result<std::vector<Row>>>(std::vector<Row>());
    scope_.driver.writes().ask(
        [rows, first = next_](RowStore& store) { *rows = store.load_audit(first, UINT64_MAX >> 1, records_a_page); },
        [self = shared_from_this(), rows] { self->read(*rows); });
  }

 private:
  void read(const Result<std::vector<Row>>& rows) {
    if (!call_->open()) return;
    if (rows && !rows->empty()) next_ = sequence_of(rows->back()) + 1;
    if (!page_(rows) || !call_->open()) return;
    call_->when_sent([self = shared_from_this()] { self->next(); });
  }

  Scope& scope_;
  CallPtr call_;
  Page page_;
  uint64_t next_ = 0;
};

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

void stream_records(Scope& scope, const CallPtr& call, Selection selection) {
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

Value verdict(const audit::ChainVerifier& verifier, std::optional<uint64_t> broken_at) {
  Value head = Value::map({{"seq", verifier.sequence()}, {"hash", to_hex(verifier.head())}});
  return Value::map({{"ok", !broken_at.has_value()},
                     {"records", verifier.sequence()},
                     {"head", std::move(head)},
                     {"broken_at", broken_at},
                     {"cause", text(verifier.error())}});
}

Value disputed_verdict(const audit::ChainVerifier& verifier, uint64_t sequence) {
  Value out = verdict(verifier, sequence);
  out.set("cause", "the trail does not hold the noted head " + std::to_string(sequence));
  return out;
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

// Heads that somebody has noted, by number: "SEQ:HASH".
std::optional<std::map<uint64_t, std::string>> read_noted(const std::vector<std::string>& texts) {
  std::map<uint64_t, std::string> out;
  for (const std::string& text : texts) {
    uint64_t sequence = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
    if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
    out[sequence] = std::string(end + 1, text.data() + text.size());
  }
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

void run_audit_verify(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto noted = read_noted(arguments.optional_texts("heads").value_or(std::vector<std::string>()));
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!noted) return call->fail({ErrorCode::invalid_argument, "A noted head is written SEQ:HASH.", "'drawbridge audit heads' shows both."});
  auto verifier = std::make_shared<audit::ChainVerifier>();
  auto page = [call, verifier, noted = std::make_shared<std::map<uint64_t, std::string>>(std::move(*noted))](const Result<std::vector<Row>>& rows) {
    if (!rows) return call->fail(rows.error()), false;
    for (const Row& row : *rows) {
      if (!verifier->add(sequence_of(row), *row.value))
        return call->result(verdict(*verifier, sequence_of(row))), false;
      auto head = noted->find(sequence_of(row));
      if (head == noted->end()) continue;
      if (head->second != to_hex(verifier->head())) return call->result(disputed_verdict(*verifier, head->first)), false;
      noted->erase(head);
    }
    if (!rows->empty()) return true;
    // A head of a record that is not there: the trail was cut short.
    if (!noted->empty()) return call->result(disputed_verdict(*verifier, noted->begin()->first)), false;
    call->result(verdict(*verifier, std::nullopt));
    return false;
  };
  std::make_shared<AuditReader>(scope, call, std::move(page))->next();
}

}  // namespace drawbridge::admin
