// FixedAddresses: where the ports that the owner has forwarded by hand are now. Names are looked up on libuv's threads,
// again when this computer's network changes and now and then, because such names follow a line whose address changes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/io/watch.hpp"
#include "protocol/base/address.hpp"
#include "protocol/traversal/fixed_address.hpp"

namespace drawbridge {

struct FixedAddressFinding {
  traversal::FixedAddress address;
  std::vector<SocketAddress> found;   // what it stands for; after a failure what was found before
  std::string failure;                // a sentence for people; empty: none
};

struct LookupTimes {
  Duration again = 5min;              // dynamic names change without telling us
  Duration after_failure = 30s;
};

class FixedAddresses {
 public:
  // `changed` is called on the loop when all() is another list than before; `loop` must outlive this.
  FixedAddresses(Loop& loop, std::function<void()> changed, const LookupTimes& times = {});

  // The whole list, in order; what is known of those that stay is kept.
  void want(const std::vector<traversal::FixedAddress>& addresses);
  void handle_network_change() { look_up_all(); }

  const std::vector<FixedAddressFinding>& findings() const { return findings_; }
  // Every address found, in the owner's order, without repetition.
  std::vector<SocketAddress> all() const;

 private:
  void look_up_all();
  void look_up(const traversal::FixedAddress& address);
  void found(const traversal::FixedAddress& address, std::vector<SocketAddress> list);
  void tell();

  struct Lookup;
  Loop& loop_;
  std::function<void()> changed_;
  LookupTimes times_;
  std::vector<FixedAddressFinding> findings_;
  std::vector<SocketAddress> told_;
  BootTimer timer_;
  std::shared_ptr<FixedAddresses*> self_ = std::make_shared<FixedAddresses*>(this);  // lookups outlive us
};

}  // namespace drawbridge
