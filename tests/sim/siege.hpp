// An office with a well-behaved laptop and a paired device that misbehaves. The rogue was granted `echo` and `calls`; the
// office has `secret`, too.
#pragma once

#include <catch2/catch.hpp>

#include "protocol/roster/records.hpp"
#include "tests/sim/rogue_device.hpp"
#include "tests/sim/world.hpp"

namespace drawbridge::sim {

struct Siege {
  explicit Siege(uint64_t seed = 1) : world(seed, {.delay = 5ms}), office(world.add("office")), laptop(world.add("laptop")) {
    office.expose("echo");
    office.expose("calls", "udp");
    office.expose("secret");
    world.pair(office, laptop);
    rogue = std::make_unique<RogueDevice>(steal_keys(world.add("rogue")), entropy);
    address = world.fresh_address();
    world.strangers = [this](const SocketAddress& to, const Bytes& datagram) {
      if (to != address) return;
      handshake_packets += !datagram.empty() && (datagram[0] & 0x80) != 0;
      rogue->handle_datagram(now(), datagram);
    };
    connect();
    world.run(100ms);  // what the laptop has to tell at first
  }

  Now now() const { return office.now(); }
  // True as soon as `done` holds.
  bool run(Duration longest, const std::function<bool()>& done = [] { return false; }) {
    for (Instant until = world.now + longest; world.now < until;) {
      rogue->handle_timeout(now());
      while (auto datagram = rogue->poll_datagram(now())) world.send(address, office.address, std::move(*datagram));
      if (done()) return true;
      world.run(2ms);
    }
    return done();
  }
  void send(Bytes datagram) { world.send(address, office.address, std::move(datagram)); }
  // Anew; the office answers five handshakes a second.
  void connect() {
    run(210ms);
    rogue->connect(now());
    REQUIRE(run(5s, [&] { return rogue->connected(); }));
    // Of an address that has proved itself the office expects no attack.
    send(rogue->check(rogue->question()));
    REQUIRE(run(5s, [&] { return rogue->answered_checks > 0 && office.peer(rogue_id())->state == PeerState::connected; }));
  }
  // The office has ended the connection, and says why.
  bool expelled(const std::string& reason = "") {
    bool over = run(5s, [&] { return rogue->closed(); });
    return over && rogue->close_code() == quic::CloseCode::misbehaved && (reason.empty() || rogue->close_reason() == reason);
  }
  // The laptop is served, and was connected all the time.
  bool laptop_is_served() {
    size_t ended = laptop.seen<event::Disconnected>().size() + laptop.seen<event::Suspended>().size();
    SimFlow& flow = laptop.open(office.identity.id, "echo", 10'000);
    return run(5s, [&] { return flow.read == 10'000 && flow.intact; }) && ended == 0;
  }
  const DeviceId& rogue_id() const { return rogue_identity.id; }
  // What its programs were asked for on the rogue's behalf.
  std::set<std::string> reached() const {
    std::set<std::string> services;
    for (const event::FlowRequested& flow : office.seen<event::FlowRequested>()) {
      if (flow.device.peer == rogue_identity.id) services.insert(flow.service);
    }
    return services;
  }
  Bytes block(std::string_view text, uint32_t number = 0) {
    Bytes frame = to_bytes(tunnel::encode({tunnel::FrameKind::block, static_cast<uint32_t>(text.size()), number}));
    append(frame, as_bytes(text));
    return frame;
  }
  Bytes frame(uint8_t kind, uint32_t length, uint32_t argument = 0) {
    return to_bytes(tunnel::encode({static_cast<tunnel::FrameKind>(kind), length, argument}));
  }

  World world;
  SimNode& office;
  SimNode& laptop;
  SeededEntropy entropy{77};
  Identity rogue_identity;
  std::unique_ptr<RogueDevice> rogue;
  SocketAddress address;
  uint64_t handshake_packets = 0;   // of the office's, to the rogue

 private:
  // Pairs it as any device, then takes its disk.
  RogueKeys steal_keys(SimNode& device) {
    CreatedInvitation invitation = office.invite({{"echo", {}}, {"calls", {}}});
    REQUIRE(world.run(1s, [&] { return office.done(invitation.request); }));
    RequestId joined = device.join(invitation.link);
    REQUIRE(world.run(40s, [&] { return device.done(joined) && !device.results[joined].error; }));
    rogue_identity = device.identity;
    RogueKeys keys{device.identity, office.identity.id, {}};
    for (const auto& [key, value] : device.disk) {
      if (key.first == RowKind::relation) keys.psk = roster::parse_relation(value)->psk;
    }
    device.kill();
    world.run(1s);
    return keys;
  }
};

}  // namespace drawbridge::sim
