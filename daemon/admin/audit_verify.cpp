// audit.verify, audit.prune: what follows the chain from its beginning, or from the checkpoint that stands for it.
#include <charconv>
#include <map>

#include "daemon/admin/arguments.hpp"
#include "daemon/admin/audit_reader.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {
namespace {

using Noted = std::map<uint64_t, std::string>;

// Heads that somebody has noted, by number: "SEQ:HASH".
std::optional<Noted> read_noted(const std::vector<std::string>& texts) {
  Noted out;
  for (const std::string& text : texts) {
    uint64_t sequence = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
    if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
    out[sequence] = std::string(end + 1, text.data() + text.size());
  }
  return out;
}

class Verification : public std::enable_shared_from_this<Verification> {
 public:
  Verification(Scope& scope, CallPtr call, Noted noted) : scope_(scope), call_(std::move(call)), all_noted_(std::move(noted)) {}

  void start() {
    read_checkpoint(scope_, call_, [self = shared_from_this()](const StoredCheckpoint& stored) { self->follow(stored); });
  }

 private:
  struct Fault {
    uint64_t sequence;
    std::string cause;
  };

  void follow(const StoredCheckpoint& stored) {
    stored_ = stored;
    if (stored.fault) return answer(Fault{0, "the checkpoint in the place of pruned records is damaged, or not signed by this office"});
    noted_ = all_noted_;
    const auto& checkpoint = stored.checkpoint;
    first_ = checkpoint ? checkpoint->sequence : 0;
    verifier_ = checkpoint ? audit::ChainVerifier(checkpoint->sequence, checkpoint->hash) : audit::ChainVerifier();
    pruned_heads_ = Value::array();
    while (checkpoint && !noted_.empty() && noted_.begin()->first < first_) {
      pruned_heads_.push(noted_.begin()->first);
      noted_.erase(noted_.begin());
    }
    if (checkpoint && !agrees(first_, checkpoint->hash)) return answer(disputed(first_));
    std::make_shared<AuditReader>(scope_, call_, [self = shared_from_this()](const auto& rows) { return self->page(rows); })->next();
  }

  bool page(const Result<std::vector<Row>>& rows) {
    if (!rows) return call_->fail(rows.error()), false;
    for (const Row& row : *rows) {
      uint64_t sequence = sequence_of(row);
      if (!verifier_.add(sequence, *row.value)) return doubt(Fault{sequence, verifier_.error()}), false;
      if (!agrees(sequence, verifier_.head())) return doubt(disputed(sequence)), false;
    }
    if (!rows->empty()) return true;
    // A head of a record that is not there: the trail was cut short.
    if (!noted_.empty()) doubt(disputed(noted_.begin()->first));
    else answer({});
    return false;
  }

  // Whether the head noted of this record, if any is, has this hash.
  bool agrees(uint64_t sequence, const audit::ChainHash& hash) {
    auto head = noted_.find(sequence);
    if (head == noted_.end()) return true;
    bool same = head->second == to_hex(hash);
    noted_.erase(head);
    return same;
  }
  static Fault disputed(uint64_t sequence) { return {sequence, "the trail does not hold the noted head " + std::to_string(sequence)}; }

  // The trail may have been pruned while it was read.
  void doubt(Fault fault) {
    read_checkpoint(scope_, call_, [self = shared_from_this(), fault = std::move(fault)](const StoredCheckpoint& stored) {
      stored == self->stored_ ? self->answer(fault) : self->follow(stored);
    });
  }

  void answer(const std::optional<Fault>& fault) {
    uint64_t sequence = verifier_.sequence();
    call_->result(Value::map({{"ok", !fault.has_value()},
                              {"records", sequence - first_},
                              {"head", Value::map({{"seq", sequence}, {"hash", to_hex(verifier_.head())}})},
                              {"broken_at", fault ? Value(fault->sequence) : Value()},
                              {"cause", fault ? Value(fault->cause) : Value()},
                              {"checkpoint", stored_.checkpoint ? checkpoint_document(*stored_.checkpoint) : Value()},
                              {"pruned_heads", std::move(pruned_heads_)}}));
  }

  Scope& scope_;
  CallPtr call_;
  const Noted all_noted_;
  Noted noted_;
  StoredCheckpoint stored_;
  uint64_t first_ = 0;
  audit::ChainVerifier verifier_;
  Value pruned_heads_ = Value::array();
};

Error nothing_to_prune(WallTime before) {
  return {ErrorCode::state, "There is no record older than " + to_rfc3339(before) + ".", "'drawbridge audit show' lists what there is."};
}

Error broken_trail(const std::string& cause) {
  return {ErrorCode::malformed, "The audit trail does not fit together: " + cause + ". Pruning would hide that.",
          "Keep a copy first: drawbridge audit export --json > FILE"};
}

void prune(Scope& scope, const CallPtr& call, const audit::OlderRecords& older) {
  auto request = scope.node().prune_audit(scope.now(), older.last());
  answer_when_done(scope, call, request, [&scope, count = older.count()] {
    auto checkpoint = scope.node().audit_checkpoint();
    return Value::map({{"pruned", count}, {"checkpoint", checkpoint ? checkpoint_document(*checkpoint) : Value()}});
  });
}

void prune_before(Scope& scope, const CallPtr& call, WallTime before, const StoredCheckpoint& stored) {
  if (stored.fault) return call->fail(broken_trail("the checkpoint in the place of pruned records is damaged"));
  auto older = std::make_shared<audit::OlderRecords>(before, stored.checkpoint);
  auto page = [&scope, call, before, older](const Result<std::vector<Row>>& rows) {
    if (!rows) return call->fail(rows.error()), false;
    bool more = !rows->empty();
    for (const Row& row : *rows) more = more && older->add(sequence_of(row), *row.value);
    if (more) return true;
    if (!older->error().empty()) call->fail(broken_trail(older->error()));
    else if (older->last().empty()) call->fail(nothing_to_prune(before));
    else prune(scope, call, *older);
    return false;
  };
  std::make_shared<AuditReader>(scope, call, std::move(page))->next();
}

}  // namespace

void run_audit_verify(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto noted = read_noted(arguments.optional_texts("heads").value_or(std::vector<std::string>()));
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!noted) return call->fail({ErrorCode::invalid_argument, "A noted head is written SEQ:HASH.", "'drawbridge audit heads' shows both."});
  std::make_shared<Verification>(scope, call, std::move(*noted))->start();
}

void run_audit_prune(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto before = arguments.optional_time("before");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!before || *before > scope.now().wall)
    return call->fail({ErrorCode::invalid_argument, "Records can be pruned up to a date that has passed.", "Name one with --before DATE."});
  read_checkpoint(scope, call, [&scope, call, before = *before](const StoredCheckpoint& stored) { prune_before(scope, call, before, stored); });
}

}  // namespace drawbridge::admin
