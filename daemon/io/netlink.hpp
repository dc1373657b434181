// The little of rtnetlink(7) that we need: ask for a dump, walk messages and attributes.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <functional>

#include "daemon/io/file_descriptor.hpp"
#include "keys/bytes.hpp"

namespace drawbridge {

// `groups`: RTMGRP_* to be told of.
FileDescriptor open_route_netlink(unsigned groups);

// Calls `each` for every message of a datagram from the kernel; false at NLMSG_DONE or an error.
bool for_each_message(ByteView datagram, const std::function<void(const nlmsghdr&)>& each);

// Every entry that the kernel answers to a dump request (RTM_GETADDR, RTM_GETLINK). Waits for the kernel only.
void dump_route(uint16_t request, const std::function<void(const nlmsghdr&)>& each);

// Attributes behind a message's fixed part of type Fixed.
template <typename Fixed>
void for_each_attribute(const nlmsghdr& header, const std::function<void(const rtattr&)>& each) {
  auto* start = static_cast<const char*>(NLMSG_DATA(&header)) + NLMSG_ALIGN(sizeof(Fixed));
  auto left = static_cast<int>(NLMSG_PAYLOAD(&header, sizeof(Fixed)));
  const auto* attribute = reinterpret_cast<const rtattr*>(start);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) each(*attribute);
}

}  // namespace drawbridge
