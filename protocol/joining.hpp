// Joining: the device's side of a pairing, from a link to a durable relation. docs/spec/pairing.md.
#pragma once

#include "protocol/core.hpp"
#include "protocol/pairing/link.hpp"

namespace drawbridge {

class Joining final : public SessionHolder {
 public:
  Joining(Core& core, RequestId request, pairing::InvitationLink link, std::string own_name, Now now);
  ~Joining() override;

  void handle_session_packet(Now now, Carried& carried, const Path& path, bool authentic) override;
  void settle(Now now, Carried& carried) override;
  void handle_relay_news(Now now, const relay::RelayNews& news);
  void handle_timeout(Now now);
  Instant next_timeout() const;
  Transmit poll_transmit(Now now, MutableBytes buffer);

  RequestId request() const { return request_; }
  // The relation, once it is durable; then this object is over.
  std::optional<roster::Relation> take_paired() { return std::exchange(paired_, std::nullopt); }
  const std::optional<Error>& failure() const { return failure_; }
  bool over() const { return over_; }

 private:
  void begin_attempt(Now now);
  void handle_control(Now now, const tunnel::ControlMessage& message);
  void handle_grant(Now now, const tunnel::PairGrant& grant);
  void fail(Error error);

  Core& core_;
  RequestId request_;
  pairing::InvitationLink link_;
  std::string own_name_;
  quic::PairKeys keys_;
  std::vector<SocketAddress> mailboxes_;      // of the link's relays
  std::unique_ptr<Carried> session_;
  Instant attempt_until_{}, give_up_at_{};
  Instant done_cut_ = far_future;             // our acknowledgement had its time
  bool answered_ = false;                     // the office finished a handshake with us
  std::optional<roster::Relation> paired_, granted_;
  std::optional<Error> failure_;
  bool over_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace drawbridge
