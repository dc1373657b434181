#include "web/core/phone_core.hpp"

#include <algorithm>

#include "keys/libsodium.hpp"
#include "protocol/wire/msgpack.hpp"
#include "web/core/event_record.hpp"

namespace drawbridge::web {
namespace {

constexpr size_t run_bytes = 64 * 1024;  // Node::poll_transmit's minimum
constexpr size_t name_bytes = 64, rows_most = 4'096, key_bytes = 1'024, value_bytes = 1 << 20;
// One turn's work, so that the page stays quick: about as many bytes as one message of the relay's holds.
constexpr int runs_a_turn = 16;

Error not_an_office() { return {ErrorCode::invalid_argument, "That names no office.", "Pair with it first."}; }

Row read_row(msgpack::Reader& reader) {
  reader.array_exact(3);
  Row row{static_cast<RowKind>(reader.uint(255)), to_bytes(reader.bin(key_bytes)), {}};
  row.value = to_bytes(reader.bin(value_bytes));
  return row;
}

}  // namespace

bool PhoneCore::entropy_works(Entropy& entropy) {
  Secret32 first = entropy.secret32(), second = entropy.secret32();
  ByteView a = first.reveal(), b = second.reveal();
  auto zero = [](uint8_t byte) { return byte == 0; };
  return !equal(a, b) && !std::all_of(a.begin(), a.end(), zero) && !std::all_of(b.begin(), b.end(), zero);
}

Result<void> PhoneCore::start(ByteView settings) {
  Error wrong{ErrorCode::malformed, "What this browser has stored of Drawbridge cannot be read.", "Remove this site's data and pair again."};
  if (!start_libsodium() || !entropy_works(host_)) return Error{ErrorCode::internal, "This browser gives no random numbers.", "Use another browser."};
  msgpack::Reader reader(settings);
  reader.array_exact(3);
  ByteView seed = reader.bin_exact(32);
  std::string name(reader.str(name_bytes));
  std::vector<Row> rows;
  for (size_t left = reader.array(rows_most); left > 0 && reader.ok(); --left) rows.push_back(read_row(reader));
  if (!reader.done()) return wrong;
  Secret32 secret;
  std::copy(seed.begin(), seed.end(), secret.reveal_mutable().begin());
  node_ = std::make_unique<Node>(NodeConfig{.identity = identity_from_seed(secret), .name = name, .udp = false}, host_);
  sockets_ = std::make_unique<RelaySockets>(*node_, host_);
  buffer_.reset(new uint8_t[run_bytes]);
  if (auto started = node_->start(host_.now(), rows); !started) return started;
  node_->handle_network_change(host_.now(), {});
  return {};
}

void PhoneCore::wake() {
  sockets_->forget_all();
  node_->handle_network_change(host_.now(), {});
}

Result<RequestId> PhoneCore::join(std::string_view link, std::string own_name) { return node_->join(host_.now(), link, std::move(own_name)); }

Result<RequestId> PhoneCore::leave(std::string_view office) {
  auto id = parse_device_id(office);
  return id ? node_->leave(host_.now(), *id) : Result<RequestId>(not_an_office());
}

Result<RequestId> PhoneCore::ping(std::string_view office, Duration timeout) {
  auto id = parse_device_id(office);
  return id ? node_->ping(host_.now(), {PeerRole::office, *id}, timeout) : Result<RequestId>(not_an_office());
}

Result<FlowId> PhoneCore::open_flow(std::string_view office, const std::string& service) {
  auto id = parse_device_id(office);
  if (!id) return not_an_office();
  auto flow = node_->open_flow(host_.now(), *id, service);
  if (flow) flows_.insert(*flow);
  return flow;
}

void PhoneCore::reset_flow(FlowId flow) {
  if (flows_.erase(flow) > 0) node_->reset_flow(host_.now(), flow, FlowReset::aborted);
}

void PhoneCore::stored(uint64_t ticket, bool done) {
  if (done) return node_->handle_persisted(host_.now(), ticket);
  node_->handle_persist_failed(host_.now(), ticket, "this browser stores nothing more");
}

std::optional<double> PhoneCore::settle() {
  if (!node_) return std::nullopt;
  Now now = host_.now();
  if (node_->next_timeout() <= now.boot) node_->handle_timeout(now);
  sockets_->handle_timeout();
  // Events before datagrams, as in NodeDriver: what is read now becomes credit in what follows.
  bool more = dispatch();
  more = transmit() || more;
  dispatch();
  while (auto batch = node_->poll_persist()) host_.tell(write_store(*batch));
  sockets_->flush();
  Instant next = more ? now.boot : std::min(node_->next_timeout(), sockets_->next_timeout());
  if (next == far_future) return std::nullopt;
  return std::max(0.0, std::chrono::duration<double, std::milli>(next - host_.now().boot).count());
}

bool PhoneCore::dispatch() {
  bool any = false;
  while (auto event = node_->poll_event()) {
    any = true;
    handle(*event);
  }
  return any;
}

void PhoneCore::handle(const Event& event) {
  if (const auto* wanted = std::get_if<event::RelayWanted>(&event)) return sockets_->handle(*wanted);
  if (const auto* ports = std::get_if<event::PortsWanted>(&event)) return node_->handle_ports(host_.now(), ports->peer, {});
  // A phone is nobody's office.
  if (const auto* asked = std::get_if<event::FlowRequested>(&event)) return node_->refuse_flow(host_.now(), asked->flow, FlowReset::no_such_service, "");
  if (const auto* ended = std::get_if<event::FlowEnded>(&event)) flows_.erase(ended->flow);
  Bytes record = write_event(event);
  if (!record.empty()) host_.tell(record);
}

bool PhoneCore::transmit() {
  for (int run = 0; run < runs_a_turn; ++run) {
    Transmit out = node_->poll_transmit(host_.now(), {buffer_.get(), run_bytes});
    if (out.length == 0) return false;
    sockets_->send(out, {buffer_.get(), out.length});
  }
  return true;
}

Bytes PhoneCore::status() const { return write_status(*node_, host_.now()); }

}  // namespace drawbridge::web
