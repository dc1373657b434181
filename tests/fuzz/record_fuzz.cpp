// Durable records: rows of the roster, and the audit chain. The first byte says which.
#include "protocol/audit/audit_record.hpp"
#include "protocol/audit/audit_head.hpp"
#include "protocol/audit/checkpoint.hpp"
#include "protocol/roster/incarnation.hpp"
#include "protocol/roster/records.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/unit/protocol/roster/version_1.hpp"

using namespace drawbridge;

namespace {

template <typename Record>
void check(const std::optional<Record>& record, ByteView bytes) {
  if (record) fuzz::require(equal(*roster::to_row(*record).value, bytes), "one record has one encoding");
}

void check_audit(ByteView bytes) {
  auto parsed = audit::parse(bytes);
  if (parsed) fuzz::require(equal(audit::encode(parsed->record, parsed->previous).bytes, bytes), "one record has one encoding");
  audit::ChainVerifier verifier;
  bool continues = verifier.add(1, bytes);
  fuzz::require(continues == verifier.error().empty(), "a break in the chain is explained");
  fuzz::require(!continues || (parsed && parsed->record.sequence == 1), "a chain begins with record 1");
}

// Version 1 of the state wrote another form, which is read for good: backups hold it.
void check_revocation(ByteView bytes) {
  auto revocation = roster::parse_revocation(bytes);
  if (!revocation) return;
  bool now = equal(*roster::to_row(*revocation).value, bytes), before = equal(*roster::version_1_row(*revocation).value, bytes);
  fuzz::require(now || before, "one record has one encoding of each version");
}

void check_own_address(ByteView bytes) { check(roster::parse_own_address(bytes), bytes); }

void check_incarnation(ByteView bytes) {
  auto met = roster::parse_incarnation(bytes);
  if (met) fuzz::require(equal(*roster::to_row(met->incarnation, met->office).value, bytes), "one record has one encoding");
}

void check_kept_head(ByteView bytes) {
  auto met = audit::parse_kept_head(bytes);
  if (met) fuzz::require(equal(*audit::to_row(met->kept, met->office).value, bytes), "one record has one encoding");
}

void check_checkpoint(ByteView bytes) {
  auto checkpoint = audit::parse_checkpoint(bytes);
  if (checkpoint) fuzz::require(equal(*audit::to_row(*checkpoint).value, bytes), "one record has one encoding");
}

// As an owner types it.
void parse_text(ByteView bytes) {
  auto address = traversal::parse_fixed_address(as_text(bytes));
  if (!address) return fuzz::require(!address.error().message.empty() && !address.error().remedy.empty(), "a refusal says why and what to do");
  auto again = traversal::parse_fixed_address(to_text(*address));
  fuzz::require(again && *again == *address, "an address that was read can be written and read");
}

roster::Relation relation() {
  roster::Relation r;
  r.key = {PeerRole::office, {{1, 2}}};
  r.name = "Étude";
  r.grants = {{"*", {}}, {"files", WallTime{123456789}}};
  r.addresses = {SocketAddress::v4(192, 0, 2, 1, 443)};
  r.last_seen = WallTime{-1};
  r.services = {{r.key, "files", "folder", 0}};
  r.certificate = Bytes(64, 5);
  r.refusal = "counter_behind";
  return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  switch (data[0] % 12) {
    case 0: check(roster::parse_relation(rest), rest); break;
    case 1: check_revocation(rest); break;
    case 2: check(roster::parse_invitation(rest), rest); break;
    case 3: check(roster::parse_service(rest), rest); break;
    case 4: check(roster::parse_node_state(rest), rest); break;
    case 5: check_own_address(rest); break;
    case 6: parse_text(rest); break;
    case 7: check(roster::parse_instance(rest), rest); break;
    case 8: check_incarnation(rest); break;
    case 9: check_kept_head(rest); break;
    case 11: check_checkpoint(rest); break;
    default: check_audit(rest);
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  roster::Revocation revocation;
  revocation.name = "Laptop", revocation.reason = "lost", revocation.revoked_at = {1000};
  roster::Invitation invitation;
  invitation.id = 5, invitation.grants = relation().grants, invitation.seen = {1, UINT64_MAX};
  invitation.claimed_by.emplace();
  invitation.pending = relation();
  audit::Record record{.sequence = 1, .time = {1000}, .type = audit::RecordType::flow_closed, .device = DeviceId{}, .device_name = "Zoë",
                       .service = "files", .detail = "x", .sent = 1, .received = 2};
  return {of_kind(0, *roster::to_row(relation()).value), of_kind(1, *roster::to_row(revocation).value),
          of_kind(1, *roster::to_row(roster::revocation_of(relation(), "lost", {1000}, {}, WallTime{900})).value),
          of_kind(1, *roster::version_1_row(revocation).value),
          of_kind(2, *roster::to_row(invitation).value),
          of_kind(3, *roster::to_row(ServiceDefinition{"db", "tcp", "127.0.0.1:5432", 5432}).value),
          of_kind(4, *roster::to_row(roster::NodeState{1, 2, 3, {}}).value), of_kind(10, audit::encode(record, {}).bytes),
          of_kind(5, *roster::to_row(roster::OwnAddress{1, {"office.example", 7470}}).value),
          of_kind(6, as_bytes("office.example.org:7470")), of_kind(6, as_bytes("[2001:db8::1]:443")),
          of_kind(7, *roster::to_row(roster::Instance{{1}, {2}, 3}).value),
          of_kind(8, *roster::to_row(roster::Incarnation{4, {5}, {6}}, relation().key.peer).value),
          of_kind(9, *audit::to_row({{7, {8}, {9}, {10}}, audit::Head{6, {11}, {9}, {10}}}, relation().key.peer).value),
          of_kind(11, *audit::to_row(audit::Checkpoint{7, {8}, {9}, {10}, {11}}).value)};
}
