// Invitation: the office's side of a pairing. open -> claimed by one device key (at Finished) -> done (at the device's
// acknowledgement, both sides durable). Every step is on disk before the next word leaves. docs/spec/pairing.md.
#pragma once

#include "protocol/code_meeting.hpp"
#include "protocol/core.hpp"
#include "protocol/pairing/link.hpp"
#include "protocol/quic/knock.hpp"

namespace drawbridge {

class Invitation final : public SessionHolder {
 public:
  Invitation(Core& core, roster::Invitation record);
  ~Invitation() override;

  // Gives the link to whoever knows the words, for as long as the invitation is open.
  void give_by_code(Now now, pairing::ShortCodeOffer offer);
  CodeGiver* code() { return code_.get(); }
  // The office's relays, where a device may knock, too.
  void open_mailboxes(Now now);
  void handle_knock(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form);
  void handle_session_packet(Now now, Carried& carried, const Path& path, bool authentic) override;
  void settle(Now now, Carried& carried) override;
  void handle_timeout(Now now);
  Instant next_timeout() const;
  Transmit poll_transmit(Now now, MutableBytes buffer);
  void save() { core_.journal.put(roster::to_row(record_)); }

  const roster::Invitation& record() const { return record_; }
  const quic::PairKeys& keys() const { return keys_; }
  // Keys of the long-term PSK that the device may hold already.
  const std::optional<quic::PairKeys>& pending_keys() const { return pending_keys_; }
  // The device has acknowledged, or has used its new PSK: the relation to store. Once.
  std::optional<roster::Relation> take_done();
  void mark_done() { done_ = record_.pending.has_value(); }
  // Done: only its last packets are still to be sent.
  bool spent() const { return spent_; }
  bool idle() const { return sessions_.empty(); }
  bool expired(WallTime now) const { return now >= record_.expires_at; }

 private:
  void answer(Now now, const Path& path, ByteView datagram, quic::OfficeHandshake handshake);
  void finished(Now now, Carried& carried);
  void handle_request(Now now, Carried& carried, const tunnel::PairRequest& request);
  void grant(Carried& carried);
  Carried* find(uint64_t handle);

  Core& core_;
  roster::Invitation record_;
  quic::PairKeys keys_;
  std::optional<quic::PairKeys> pending_keys_;
  std::vector<std::unique_ptr<Carried>> sessions_;
  std::vector<SocketAddress> mailboxes_;
  std::map<uint64_t, ExchangePublic> device_keys_;   // of each session, by its handle
  TokenBucket handshakes_{limits::handshakes_per_second, limits::handshakes_burst};
  std::unique_ptr<CodeGiver> code_;
  bool done_ = false, spent_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace drawbridge
