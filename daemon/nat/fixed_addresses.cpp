#include "daemon/nat/fixed_addresses.hpp"

#include <netdb.h>

#include <algorithm>

#include "daemon/io/socket_address.hpp"

namespace drawbridge {

using traversal::FixedAddress;

namespace {

constexpr size_t most_of_one_name = 4;

std::vector<SocketAddress> read_list(const addrinfo* list, uint16_t port) {
  std::vector<SocketAddress> out;
  for (const addrinfo* entry = list; entry && out.size() < most_of_one_name; entry = entry->ai_next) {
    SocketAddress address = from_system(entry->ai_addr);
    address.port = port;
    bool reachable = !address.is_loopback() && !address.is_unspecified() && !address.is_link_local();
    if (reachable && std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
  }
  return out;
}

}  // namespace

struct FixedAddresses::Lookup {
  uv_getaddrinfo_t request{};
  std::weak_ptr<FixedAddresses*> owner;
  FixedAddress address;

  static void done(uv_getaddrinfo_t* request, int status, addrinfo* list) {
    std::unique_ptr<Lookup> self(static_cast<Lookup*>(request->data));
    auto addresses = read_list(status == 0 ? list : nullptr, self->address.port);
    uv_freeaddrinfo(list);
    if (auto owner = self->owner.lock()) (*owner)->found(self->address, std::move(addresses));
  }
};

FixedAddresses::FixedAddresses(Loop& loop, std::function<void()> changed, const LookupTimes& times)
    : loop_(loop), changed_(std::move(changed)), times_(times), timer_(loop, [this] { look_up_all(); }) {}

void FixedAddresses::want(const std::vector<FixedAddress>& addresses) {
  std::vector<FixedAddressFinding> next;
  for (const FixedAddress& address : addresses) {
    auto known = std::find_if(findings_.begin(), findings_.end(), [&](const auto& finding) { return finding.address == address; });
    next.push_back(known == findings_.end() ? FixedAddressFinding{address, {}, {}} : *known);
  }
  findings_ = std::move(next);
  look_up_all();
  tell();
}

void FixedAddresses::look_up_all() {
  for (size_t i = 0; i < findings_.size(); ++i) look_up(FixedAddress(findings_[i].address));
  if (!findings_.empty()) timer_.arm_no_later_than(loop_.now().boot + times_.again);
}

void FixedAddresses::look_up(const FixedAddress& address) {
  if (auto literal = parse_socket_address(to_text(address))) return found(address, {*literal});
  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  lookup->owner = self_;
  lookup->address = address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  if (uv_getaddrinfo(loop_.raw(), &lookup->request, Lookup::done, address.host.c_str(), nullptr, &hints) == 0) lookup.release();
  else found(address, {});
}

void FixedAddresses::found(const FixedAddress& address, std::vector<SocketAddress> list) {
  auto finding = std::find_if(findings_.begin(), findings_.end(), [&](const auto& one) { return one.address == address; });
  if (finding == findings_.end()) return;
  if (list.empty()) {
    finding->failure = "The name " + address.host + " was not found.";
    timer_.arm_no_later_than(loop_.now().boot + times_.after_failure);
  } else {
    finding->found = std::move(list);
    finding->failure.clear();
  }
  tell();
}

void FixedAddresses::tell() {
  std::vector<SocketAddress> now = all();
  if (now == told_) return;
  told_ = std::move(now);
  changed_();
  loop_.turn_again();
}

std::vector<SocketAddress> FixedAddresses::all() const {
  std::vector<SocketAddress> out;
  for (const FixedAddressFinding& finding : findings_) {
    for (const SocketAddress& address : finding.found) {
      if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
    }
  }
  return out;
}

}  // namespace drawbridge
