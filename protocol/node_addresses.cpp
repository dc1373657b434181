// Fixed addresses of this office: ports that its owner has forwarded by hand.
#include <algorithm>

#include "protocol/node_core.hpp"

namespace drawbridge {

using traversal::FixedAddress;

void Node::Core::want_addresses() {
  std::sort(addresses.begin(), addresses.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  event::AddressesWanted wanted;
  for (const roster::OwnAddress& own : addresses) wanted.addresses.push_back(own.address);
  shared.emit(std::move(wanted));
}

RequestId Node::Core::change_addresses(std::vector<roster::OwnAddress> before, Row undo) {
  want_addresses();
  return shared.durable_request([this, before = std::move(before), undo = std::move(undo)](Now) {
    addresses = before;
    shared.journal.put(undo);
    want_addresses();
  });
}

Result<RequestId> Node::add_address(Now now, std::string_view text) {
  auto address = traversal::parse_fixed_address(text);
  if (!address) return address.error();
  std::vector<roster::OwnAddress> before = core_->addresses;
  auto same = [&](const roster::OwnAddress& own) { return own.address == *address; };
  if (std::any_of(before.begin(), before.end(), same)) {
    return Error{ErrorCode::already_exists, "This address is in use already.", "`drawbridge status` shows it."};
  }
  if (before.size() >= limits::fixed_addresses) {
    return Error{ErrorCode::limit, "No more addresses can be fixed.", "Remove one with `drawbridge address remove`."};
  }
  roster::OwnAddress added{before.empty() ? 1 : before.back().order + 1, address.take()};
  core_->shared.journal.put(roster::to_row(added));
  core_->shared.audit(now, audit::RecordType::address_added, nullptr, "", "", to_text(added.address));
  Row undo = roster::deleted(RowKind::address, roster::own_address_key_bytes(added.address));
  core_->addresses.push_back(std::move(added));
  return core_->change_addresses(std::move(before), std::move(undo));
}

Result<RequestId> Node::remove_address(Now now, std::string_view text) {
  auto address = traversal::parse_fixed_address(text);
  if (!address) return address.error();
  std::vector<roster::OwnAddress> before = core_->addresses;
  auto found = std::find_if(core_->addresses.begin(), core_->addresses.end(), [&](const auto& own) { return own.address == *address; });
  if (found == core_->addresses.end()) {
    return Error{ErrorCode::not_found, "This address is not in use.", "`drawbridge status` shows those that are."};
  }
  Row undo = roster::to_row(*found);
  core_->addresses.erase(found);
  core_->shared.journal.put(roster::deleted(RowKind::address, roster::own_address_key_bytes(*address)));
  core_->shared.audit(now, audit::RecordType::address_removed, nullptr, "", "", to_text(*address));
  return core_->change_addresses(std::move(before), std::move(undo));
}

std::vector<FixedAddress> Node::fixed_addresses() const {
  std::vector<FixedAddress> list;
  for (const roster::OwnAddress& own : core_->addresses) list.push_back(own.address);
  return list;
}

}  // namespace drawbridge
