// RelayTable: how relays see our sockets, and where they see a mailbox's other end.
#include <algorithm>

#include "protocol/relay/relay_table.hpp"

namespace drawbridge::relay {

bool RelayTable::observe(Instant now, uint16_t local_port) {
  Line* best = nullptr;
  size_t open = 0;
  for (auto& [number, line] : lines_) {
    open += line->rounds.size();
    // Two ports, so that a router that counts up shows its step.
    bool able = line->client.ready() && !line->leaving && line->status.reflexive && line->observers.size() >= 2;
    if (able && (!best || line->status.round_trip < best->status.round_trip)) best = line.get();
  }
  if (!best || open >= limits::observation_rounds) return false;
  begin_round(now, *best, local_port);
  return true;
}

void RelayTable::begin_round(Instant now, Line& line, uint16_t local_port) {
  bool own = local_port == 0;
  line.rounds.emplace_back(now, line.client.path().remote, line.observers, local_port, own, entropy_);
}

RelayTable::Outgoing RelayTable::poll_rounds(Instant now, Line& line, MutableBytes buffer) {
  if (!line.client.ready() || !line.status.reflexive) {
    abandon_rounds(line);
    return {};
  }
  if (std::exchange(line.observe_due, false) && !line.observers.empty() && line.observations.take(now)) {
    std::erase_if(line.rounds, [](const ObservationRound& round) { return round.local_port() == 0; });
    begin_round(now, line, 0);
  }
  for (ObservationRound& round : line.rounds) {
    const auto* question = round.poll(now);
    if (!question) continue;
    Bytes hello = line.client.write_question(question->transaction, question->elsewhere);
    std::copy(hello.begin(), hello.end(), buffer.begin());
    return {question->path, hello.size()};
  }
  conclude(line);
  return {};
}

// The relay is lost: nobody would answer, and nothing would be sent.
void RelayTable::abandon_rounds(Line& line) {
  for (const ObservationRound& round : line.rounds) {
    if (round.local_port() != 0) observed_.push_back({round.local_port(), {}});
  }
  line.rounds.clear();
}

bool RelayTable::handle_observation(Instant now, const Path& path, ByteView datagram) {
  auto challenge = parse_challenge(datagram);
  if (!challenge) return false;
  for (auto& [number, line] : lines_) {
    bool genuine = line->udp_question && line->client.is_genuine(*challenge);
    if (genuine && line->udp_question->handle_challenge(path, *challenge)) return use_udp(now, *line), true;
    for (ObservationRound& round : line->rounds) {
      if (!line->client.is_genuine(*challenge) || !round.handle_challenge(path, *challenge)) continue;
      conclude(*line);
      return true;
    }
  }
  return false;
}

// What rounds have found so far; those that are over are gone.
void RelayTable::conclude(Line& line) {
  for (const ObservationRound& round : line.rounds) {
    if (round.local_port() != 0) {
      if (round.over()) observed_.push_back({round.local_port(), round.observations()});
      continue;
    }
    auto& views = line.status.observations;
    for (const traversal::Observation& view : round.observations()) {
      std::erase_if(views, [&](const traversal::Observation& known) { return known.far_end == view.far_end; });
      views.push_back(view);
    }
    if (round.over()) line.status.filtering = round.filtering();
  }
  std::erase_if(line.rounds, [](const ObservationRound& round) { return round.over(); });
}

std::optional<RelayTable::Observed> RelayTable::poll_observed() {
  if (observed_.empty()) return std::nullopt;
  Observed observed = std::move(observed_.front());
  observed_.pop_front();
  return observed;
}

void RelayTable::locate(const SocketAddress& mailbox) {
  Place place = place_of(mailbox);
  if (place.line) place.line->client.locate(place.channel);
}

std::optional<RelayTable::Located> RelayTable::poll_located() {
  if (located_.empty()) return std::nullopt;
  Located located = located_.front();
  located_.pop_front();
  return located;
}

std::optional<RelayTable::Silence> RelayTable::poll_silence() {
  if (silences_.empty()) return std::nullopt;
  Silence silence = silences_.front();
  silences_.pop_front();
  return silence;
}

}  // namespace drawbridge::relay
