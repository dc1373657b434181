// Fields that several records and messages share.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "keys/secret.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/node.hpp"
#include "protocol/wire/msgpack.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::roster {

inline constexpr size_t address_size = 18;  // 16 bytes of address (IPv4 mapped), 2 of port, big-endian

// A record is an array of its layout's version and its fields; a reader refuses other layouts.
msgpack::Writer begin_record(Bytes& value, size_t fields);
void expect_record(msgpack::Reader& reader, size_t fields);
// One whose layout has grown at its end: gives how many fields there are, `min` to `max`.
size_t expect_record(msgpack::Reader& reader, size_t min, size_t max);

template <size_t size>
void read_bytes(msgpack::Reader& reader, std::array<uint8_t, size>& out) {
  ByteView bytes = reader.bin_exact(size);
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

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
