// GatewayMapper: keeps our port mapped at one gateway. Blocks while it asks; it lives on the worker's thread.
//
// PCP first, then NAT-PMP, which a gateway that speaks them answers within milliseconds; UPnP where they map nothing and name
// no cause. What has worked is asked first from then on.
#pragma once

#include "daemon/nat/mapping_reply.hpp"
#include "daemon/nat/pcp_message.hpp"
#include "daemon/nat/upnp.hpp"

namespace drawbridge {

struct MappingTimes {
  std::chrono::seconds lifetime{3'600};   // asked for; renewed at half of what is granted
  Duration check_every = 2min;            // whether the gateway still has its address and its state
  Duration first_retry = 2s;              // after silence or a refusal; doubled each time, up to
  Duration retry = 5min;                  // this. A network event asks at once
  Duration shortest_pause = 1s;           // however short a lifetime a gateway grants
  Duration pcp_patience = 250ms;
  Duration nat_pmp_patience = 750ms;
  Duration upnp_search = 1s;
  Duration withdraw_patience = 500ms;     // PCP, NAT-PMP; UPnP takes what it takes
  Duration stop_patience = 1500ms;        // longest that the end of the program is held up
};

class GatewayMapper {
 public:
  GatewayMapper(const Gateway& gateway, uint16_t port, const PcpNonce& nonce, const MappingTimes& times);

  // Asks what is due at `now`; `interrupt` ends the wait for PCP and NAT-PMP. Returns when to call again.
  Instant turn(Instant now, int interrupt);
  // Asks for everything anew at the next turn, after a network event.
  void ask_again() {
    next_ = renew_at_ = {};
    pause_ = {};
  }
  void withdraw();

  const Gateway& gateway() const { return gateway_; }
  const GatewayFinding& finding() const { return finding_; }

 private:
  MappingReply ask(MappingProtocol protocol, Instant now, int interrupt);
  MappingReply ask_pcp(Instant now, int interrupt);
  MappingReply ask_nat_pmp(Instant now, const Patience& patience);
  MappingReply ask_upnp(Instant now, const Patience& patience);
  PcpMapRequest pcp_request(std::chrono::seconds lifetime) const;
  MappingReply map_upnp();
  // The external address, judged: good only if others can reach it. Forgets the mapping if it is another than before.
  MappingReply judged(MappingReply reply);
  bool is_fresh(Instant now) const;
  // A gateway's epoch, compared with what it was before.
  void note_epoch(Instant now, MappingProtocol protocol, uint32_t epoch);
  void note(Instant now, const MappingReply& reply, MappingProtocol protocol);
  void note_mapped(Instant now, const MappingReply& reply);
  uint16_t another_port(int attempt) const;
  Duration next_pause();

  Gateway gateway_;
  uint16_t port_;
  PcpNonce nonce_;
  MappingTimes times_;
  GatewayFinding finding_;
  std::optional<UpnpDevice> device_;
  uint16_t wanted_;               // outside; the one that was granted last
  Instant next_{};
  Duration pause_{};              // the last one between two failures in a row; 0: none
  Instant renew_at_ = far_future, ends_at_ = far_future;
  struct Epoch {
    MappingProtocol protocol = MappingProtocol::none;
    uint32_t seconds = 0;
    Instant seen{};
  };
  Epoch epoch_;
};

}  // namespace drawbridge
