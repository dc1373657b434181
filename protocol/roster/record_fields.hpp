// Fields that several records and messages share.
#pragma once

#include <optional>
#include <vector>

#include "keys/secret.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/node.hpp"
#include "protocol/wire/msgpack.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::roster {

inline constexpr size_t address_size = 18;  // 16 bytes of address (IPv4 mapped), 2 of port, big-endian

Bytes encode_address(const SocketAddress& address);
SocketAddress decode_address(ByteView bytes);  // `bytes` has address_size

void write_addresses(msgpack::Writer& writer, const std::vector<SocketAddress>& addresses);
std::vector<SocketAddress> read_addresses(msgpack::Reader& reader, size_t max);

void write_relays(msgpack::Writer& writer, const std::vector<relay::RelayAddress>& relays);
std::vector<relay::RelayAddress> read_relays(msgpack::Reader& reader);

void write_grants(msgpack::Writer& writer, const std::vector<Grant>& grants);
std::vector<Grant> read_grants(msgpack::Reader& reader);

void write_time(msgpack::Writer& writer, const std::optional<WallTime>& time);
std::optional<WallTime> read_time(msgpack::Reader& reader);

void read_id(msgpack::Reader& reader, DeviceId& id);
void read_secret(msgpack::Reader& reader, Secret32& secret);

}  // namespace drawbridge::roster
