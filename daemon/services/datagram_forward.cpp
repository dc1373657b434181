#include "daemon/services/datagram_forward.hpp"

#include <algorithm>

#include "daemon/io/datagram_socket.hpp"

namespace drawbridge {
namespace {

// A resolver that asks each question from a new port, say; the one that has been silent longest makes room.
constexpr size_t most_clients = 256;
// A port may change its owner while its flow lives on: asked again after so long.
constexpr Duration owner_known_for = 100ms;
constexpr Duration refusals_apart = 1s;

}  // namespace

// The flow of one sender. It outlives the forward's interest in it: what still comes is let go until the office has ended
// the flow, too.
class DatagramForward::Client : public FlowEnd {
 public:
  Client(DatagramForward& forward, FlowId flow, const SocketAddress& sender)
      : forward_(&forward), port_(forward.around_.port), flow_(flow), sender_(sender), owner_asked_at_(now()) {}
  ~Client() override { detach(); }

  void flow_writable() override {}
  void flow_readable() override {
    while (auto datagram = port_.readable_datagram(flow_)) {
      if (forward_) answer(*datagram);
      port_.consume_datagram(flow_);
    }
    if (port_.at_end(flow_)) finish();
  }
  void flow_ended(FlowReset, const std::string&) override { detach(); }

  void heard(ByteView datagram) {
    used_at_ = now();
    if (still_allowed()) port_.send_datagram(flow_, datagram);
  }
  void finish() {
    if (!forward_) return;
    detach();
    port_.finish_write(flow_);
  }
  Instant used_at() const { return used_at_; }

 private:
  Instant now() const { return forward_->around_.loop.now().boot; }
  void detach() {
    if (forward_) forward_->clients_.erase(sender_);
    forward_ = nullptr;
  }
  bool still_allowed() {
    if (now() - owner_asked_at_ < owner_known_for) return allowed_;
    owner_asked_at_ = now();
    return allowed_ = forward_->allowed(sender_);
  }
  void answer(ByteView datagram) {
    used_at_ = now();
    if (!still_allowed()) return;
    SystemAddress to = to_system(sender_);
    sendto(forward_->fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL, to.get(), to.length);
  }

  DatagramForward* forward_;  // null: it is over here
  FlowPort& port_;
  FlowId flow_;
  SocketAddress sender_;
  Instant owner_asked_at_, used_at_{};
  bool allowed_ = true;
};

DatagramForward::DatagramForward(const Around& around, FileDescriptor fd, Callbacks callbacks, Duration idle)
    : around_(around),
      fd_(std::move(fd)),
      address_(own_address(fd_.get())),
      callbacks_(std::move(callbacks)),
      idle_(idle),
      watch_(around.loop, fd_.get(), [this](unsigned) { read_in(); }),
      idle_check_(around.loop, [this] { forget_idle(); }) {
  watch_.want(FdWatch::readable);
}

DatagramForward::~DatagramForward() {
  while (!clients_.empty()) clients_.begin()->second->finish();
}

void DatagramForward::read_in() {
  receive_datagrams(fd_.get(), [this](ByteView datagram, const SocketAddress& sender) { received(datagram, sender); });
}

void DatagramForward::received(ByteView datagram, const SocketAddress& sender) {
  if (Client* found = client(sender)) found->heard(datagram);
}

DatagramForward::Client* DatagramForward::client(const SocketAddress& sender) {
  if (auto known = clients_.find(sender); known != clients_.end()) return known->second;
  if (!allowed(sender)) return nullptr;
  make_room();
  auto flow = callbacks_.open_flow();
  if (!flow) return nullptr;
  auto fresh = std::make_unique<Client>(*this, *flow, sender);
  Client* client = fresh.get();
  clients_[sender] = client;
  around_.flows.add(*flow, std::move(fresh));
  if (clients_.size() == 1) idle_check_.start(idle_ / 4);
  return client;
}

bool DatagramForward::allowed(const SocketAddress& sender) {
  std::optional<uid_t> user = around_.owners.owner(SocketOwners::Kind::datagram, sender, address_);
  if (user && around_.users.contains(*user)) return true;
  refuse(sender, user);
  return false;
}

void DatagramForward::refuse(const SocketAddress& sender, std::optional<uid_t> user) {
  Instant now = around_.loop.now().boot;
  if (refusal_told_ != Instant{} && now - refusal_told_ < refusals_apart) return;
  refusal_told_ = now;
  callbacks_.refused({address_, sender, user});
}

void DatagramForward::make_room() {
  if (clients_.size() < most_clients) return;
  auto oldest = std::min_element(clients_.begin(), clients_.end(),
                                 [](auto& a, auto& b) { return a.second->used_at() < b.second->used_at(); });
  oldest->second->finish();
}

void DatagramForward::forget_idle() {
  Instant now = around_.loop.now().boot;
  std::vector<Client*> idle;
  for (auto& [sender, client] : clients_) {
    if (now - client->used_at() >= idle_) idle.push_back(client);
  }
  for (Client* client : idle) client->finish();
  if (!clients_.empty()) idle_check_.start(idle_ / 4);
}

}  // namespace drawbridge
