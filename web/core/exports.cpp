// What core.wasm offers to the page, and what it asks of it: docs/spec/phone.md, *The core*. Only in the WebAssembly build.
#include <cstring>
#include <optional>

#include "keys/passphrase.hpp"
#include "web/core/event_record.hpp"
#include "web/core/phone_core.hpp"

#define IMPORT(name) __attribute__((import_module("drawbridge"), import_name(#name)))
#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

extern "C" {
IMPORT(boot_ms) double import_boot_ms();
IMPORT(wall_ms) double import_wall_ms();
IMPORT(random) void import_random(uint8_t* target, uint32_t length);
IMPORT(open_socket) void import_open_socket(uint32_t number, uint32_t serial, const char* url, uint32_t url_length, const char* protocol, uint32_t protocol_length, const char* hello, uint32_t hello_length);
IMPORT(close_socket) void import_close_socket(uint32_t number);
IMPORT(send) uint32_t import_send(uint32_t number, const uint8_t* message, uint32_t length);
IMPORT(tell) void import_tell(const uint8_t* event, uint32_t length);
}

namespace {

using namespace drawbridge;
using namespace drawbridge::web;

uint32_t size32(size_t size) { return static_cast<uint32_t>(size); }

class PageHost final : public Host {
 public:
  Now now() override {
    auto boot = std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(import_boot_ms()));
    return {Instant(boot), {static_cast<int64_t>(import_wall_ms())}};
  }
  void fill(MutableBytes target) override { import_random(target.data(), size32(target.size())); }
  void open_socket(uint16_t number, uint32_t serial, std::string_view url, std::string_view protocol, std::string_view hello) override {
    import_open_socket(number, serial, url.data(), size32(url.size()), protocol.data(), size32(protocol.size()), hello.data(), size32(hello.size()));
  }
  void close_socket(uint16_t number) override { import_close_socket(number); }
  bool send(uint16_t number, ByteView message) override { return import_send(number, message.data(), size32(message.size())) != 0; }
  void tell(ByteView event) override { import_tell(event.data(), size32(event.size())); }
};

PageHost host;
std::optional<PhoneCore> core;
Bytes input;         // what the page has written for the next call
Bytes output;        // what a call answers at length
uint32_t out[2];     // address and length of it, or of a borrowed part of the node

void answer(const void* bytes, size_t length) {
  out[0] = size32(reinterpret_cast<uintptr_t>(bytes));
  out[1] = size32(length);
}
void answer(Bytes bytes) {
  output = std::move(bytes);
  answer(output.data(), output.size());
}

// The number of a request or flow; 0, and the error in `out`, if it was refused.
double numbered(const Result<uint64_t>& result) {
  if (result) return static_cast<double>(*result);
  answer(write_error(result.error()));
  return 0;
}

std::string_view text(uint32_t from, uint32_t length) {
  return as_text(ByteView(input).subspan(from, length));
}
FlowId flow_of(double flow) { return static_cast<FlowId>(flow); }

}  // namespace

// Room for what the next call reads; the page writes there.
EXPORT(input) uint8_t* export_input(uint32_t size) {
  if (input.size() < size) input.resize(size);
  return input.data();
}
EXPORT(output) uint32_t* export_output() { return out; }

EXPORT(start) uint32_t export_start(uint32_t length) {
  core.emplace(host);
  auto started = core->start(ByteView(input).first(length));
  std::memset(input.data(), 0, length);
  if (!started) answer(write_error(started.error()));
  return started.ok();
}
// The key that a passphrase becomes; behind it lie the 16 bytes of salt. What was read is wiped; the key is not: the page ends
// the core that it has asked.
EXPORT(stretch) uint32_t export_stretch(uint32_t passphrase, uint32_t passes, uint32_t memory_kib) {
  PassphraseCost cost{passes, memory_kib};
  if (!cost_is_sane(cost)) return answer(write_error({ErrorCode::malformed, "The lock is damaged.", ""})), 0;
  auto key = stretch(ByteView(input).first(passphrase), ByteView(input).subspan(passphrase, passphrase_salt_size), cost);
  std::memset(input.data(), 0, passphrase);
  if (key) answer(to_bytes(key->reveal()));
  else answer(write_error(key.error()));
  return key.ok();
}
EXPORT(wake) void export_wake() { core->wake(); }
EXPORT(settle) double export_settle() { return core->settle().value_or(-1); }
EXPORT(status) void export_status() { answer(core->status()); }
EXPORT(stored) void export_stored(double ticket, uint32_t done) { core->stored(static_cast<uint64_t>(ticket), done != 0); }

EXPORT(join) double export_join(uint32_t link, uint32_t name) { return numbered(core->join(text(0, link), std::string(text(link, name)))); }
EXPORT(leave) double export_leave(uint32_t office) { return numbered(core->leave(text(0, office))); }
EXPORT(ping) double export_ping(uint32_t office, uint32_t timeout_ms) {
  return numbered(core->ping(text(0, office), std::chrono::milliseconds(timeout_ms)));
}

EXPORT(open_flow) double export_open_flow(uint32_t office, uint32_t service) {
  return numbered(core->open_flow(text(0, office), std::string(text(office, service))));
}
EXPORT(write_space) void export_write_space(double flow, uint32_t max) {
  MutableBytes room = core->knows(flow_of(flow)) ? core->write_space(flow_of(flow), max) : MutableBytes();
  answer(room.data(), room.size());
}
EXPORT(commit_write) void export_commit_write(double flow, uint32_t length) { core->commit_write(flow_of(flow), length); }
EXPORT(finish_write) void export_finish_write(double flow) {
  if (core->knows(flow_of(flow))) core->finish_write(flow_of(flow));
}
EXPORT(readable) void export_readable(double flow) {
  ByteView bytes = core->knows(flow_of(flow)) ? core->readable(flow_of(flow)) : ByteView();
  answer(bytes.data(), bytes.size());
}
EXPORT(at_end) uint32_t export_at_end(double flow) { return core->knows(flow_of(flow)) && core->at_end(flow_of(flow)); }
EXPORT(consume) void export_consume(double flow, uint32_t length) { core->consume(flow_of(flow), length); }
EXPORT(reset_flow) void export_reset_flow(double flow) { core->reset_flow(flow_of(flow)); }

EXPORT(socket_opened) void export_socket_opened(uint32_t number, uint32_t serial) { core->sockets().opened(static_cast<uint16_t>(number), serial); }
EXPORT(socket_closed) void export_socket_closed(uint32_t number, uint32_t serial) { core->sockets().closed(static_cast<uint16_t>(number), serial); }
EXPORT(socket_received) void export_socket_received(uint32_t number, uint32_t serial, uint32_t length) {
  core->sockets().received(static_cast<uint16_t>(number), serial, MutableBytes(input).first(length));
}
