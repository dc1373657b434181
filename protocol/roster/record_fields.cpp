#include "protocol/roster/record_fields.hpp"

#include <algorithm>

namespace drawbridge::roster {
namespace {

constexpr uint64_t layout = 1;

}  // namespace

msgpack::Writer begin_record(Bytes& value, size_t fields) {
  msgpack::Writer writer(value);
  writer.array(fields + 1).uint(layout);
  return writer;
}

void expect_record(msgpack::Reader& reader, size_t fields) {
  reader.array_exact(fields + 1);
  if (reader.uint() != layout) reader.refuse();
}

size_t expect_record(msgpack::Reader& reader, size_t min, size_t max) {
  size_t fields = reader.array(max + 1);
  if (fields < min + 1 || reader.uint() != layout) reader.refuse();
  return fields == 0 ? 0 : fields - 1;
}

Bytes encode_address(const SocketAddress& address) {
  Bytes bytes(address.ip.begin(), address.ip.end());
  bytes.push_back(static_cast<uint8_t>(address.port >> 8));
  bytes.push_back(static_cast<uint8_t>(address.port));
  return bytes;
}

SocketAddress decode_address(ByteView bytes) {
  SocketAddress address;
  if (bytes.size() != address_size) return address;
  std::copy_n(bytes.begin(), address.ip.size(), address.ip.begin());
  address.port = static_cast<uint16_t>(bytes[16] << 8 | bytes[17]);
  return address;
}

void write_addresses(msgpack::Writer& writer, const std::vector<SocketAddress>& addresses) {
  writer.array(addresses.size());
  for (const SocketAddress& address : addresses) writer.bin(encode_address(address));
}

std::vector<SocketAddress> read_addresses(msgpack::Reader& reader, size_t max) {
  std::vector<SocketAddress> addresses;
  for (size_t left = reader.array(max); left > 0 && reader.ok(); --left) {
    addresses.push_back(decode_address(reader.bin_exact(address_size)));
    if (relay::is_made_up(addresses.back())) reader.refuse();  // names a part of this process: nobody else's business
  }
  return addresses;
}

void write_relays(msgpack::Writer& writer, const std::vector<relay::RelayAddress>& relays) {
  writer.array(relays.size());
  for (const relay::RelayAddress& r : relays) writer.array(3).str(r.url).str(r.other_url).str(r.token);
}

std::vector<relay::RelayAddress> read_relays(msgpack::Reader& reader) {
  std::vector<relay::RelayAddress> relays;
  for (size_t left = reader.array(limits::own_relays); left > 0 && reader.ok(); --left) {
    reader.array_exact(3);
    relay::RelayAddress relay;
    relay.url = std::string(reader.str(limits::relay_url_bytes));
    relay.other_url = std::string(reader.str(limits::relay_url_bytes));
    relay.token = std::string(reader.str(limits::relay_token_bytes));
    relays.push_back(std::move(relay));
  }
  return relays;
}

void write_grants(msgpack::Writer& writer, const std::vector<Grant>& grants) {
  writer.array(grants.size());
  for (const Grant& grant : grants) {
    writer.array(2).str(grant.service);
    write_time(writer, grant.until);
  }
}

std::vector<Grant> read_grants(msgpack::Reader& reader) {
  std::vector<Grant> grants;
  for (size_t left = reader.array(limits::grants_per_device); left > 0 && reader.ok(); --left) {
    reader.array_exact(2);
    Grant grant{std::string(reader.str(limits::service_name_bytes)), {}};
    grant.until = read_time(reader);
    grants.push_back(std::move(grant));
  }
  return grants;
}

void write_time(msgpack::Writer& writer, const std::optional<WallTime>& time) {
  if (time) writer.integer(time->unix_ms);
  else writer.nil();
}

std::optional<WallTime> read_time(msgpack::Reader& reader) {
  if (reader.nil()) return std::nullopt;
  return WallTime{reader.integer()};
}

void read_id(msgpack::Reader& reader, DeviceId& id) {
  ByteView bytes = reader.bin_exact(id.bytes.size());
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
}

void read_secret(msgpack::Reader& reader, Secret32& secret) {
  ByteView bytes = reader.bin_exact(Secret32::size);
  if (reader.ok()) secret = Secret32(bytes.first<Secret32::size>());
}

}  // namespace drawbridge::roster
