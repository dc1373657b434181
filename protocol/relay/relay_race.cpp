// RelayTable: which of a relay's transports is used. docs/spec/relay.md, *Which transport*.
//
// UDP and a WebSocket race: the WebSocket is made ready (TCP, TLS) beside UDP's first packets, and given up as soon as the
// relay answers by UDP, which takes one round trip. In a network where it has answered so lately there is no race: a
// relay should not pay for handshakes that nobody needs. Who uses a WebSocket asks by UDP now and then.
#include <algorithm>

#include "protocol/relay/relay_table.hpp"
#include "protocol/traversal/path_history.hpp"

namespace drawbridge::relay {

void RelayTable::begin_race(Instant now, Line& line) {
  end_race(line);
  line.udp_noted = false;
  line.udp_pause = limits::relay_udp_again_first;
  line.udp_again = far_future;
  line.udp_question.reset();
  auto other = std::find_if(line.urls.begin(), line.urls.end(), [](const std::string& url) { return !is_udp(url); });
  bool known = network_ != 0 && std::any_of(line.udp_networks.begin(), line.udp_networks.end(), [&](const auto& entry) {
    return entry.first == network_ && now - entry.second < limits::relay_udp_remembered;
  });
  if (known || other == line.urls.end() || !is_udp(line.urls[line.url])) return plan_udp_question(now, line);
  line.racing = true;
  line.race_begun = now;
  wanted_.push_back({number_of(line), *other, true});
}

void RelayTable::end_race(Line& line) {
  line.race_ends = far_future;
  if (std::exchange(line.racing, false)) wanted_.push_back({number_of(line), "", true});
}

void RelayTable::handle_beside(Instant now, uint16_t number, bool ready) {
  auto found = lines_.find(number);
  if (found == lines_.end() || found->second->leaving || !found->second->racing) return;
  Line& line = *found->second;
  if (!ready) {
    line.racing = false;
    line.race_ends = far_future;
    return;
  }
  line.race_ends = std::max(now, line.race_begun + limits::relay_udp_head_start);
  if (line.race_ends <= now) decide_race(now, line);
}

void RelayTable::decide_race(Instant now, Line& line) {
  if (is_udp(line.urls[line.url]) && line.client.answered()) return end_race(line);
  line.race_ends = far_future;
  line.racing = false;
  line.url = 1 - first_choice(line.urls);  // there are two
  want(now, line);
}

// Something of the relay's has come.
void RelayTable::note_udp(Instant now, Line& line) {
  if (!is_udp(line.urls[line.url]) || !line.client.answered()) return;
  line.udp_noted = true;
  end_race(line);
  forget_udp(line);
  if (line.udp_networks.size() >= limits::relay_udp_networks) line.udp_networks.erase(line.udp_networks.begin());
  line.udp_networks.emplace_back(network_, now);
}

void RelayTable::forget_udp(Line& line) {
  std::erase_if(line.udp_networks, [this](const auto& entry) { return entry.first == network_; });
}

void RelayTable::plan_udp_question(Instant now, Line& line) {
  line.udp_again = is_udp(line.urls[line.url]) || !line.udp_address ? far_future : now + line.udp_pause;
}

void RelayTable::ask_by_udp(Instant now, Line& line) {
  line.udp_pause = std::clamp<Duration>(2 * line.udp_pause, limits::relay_udp_again, limits::relay_udp_again_longest);
  plan_udp_question(now, line);
  if (!line.udp_address) return;
  SocketAddress elsewhere = *line.udp_address;  // a round does not ask the relay's main port
  elsewhere.port = 0;
  line.udp_question.emplace(now, elsewhere, std::vector{*line.udp_address}, 0, false, entropy_);
}

RelayTable::Outgoing RelayTable::poll_udp_question(Instant now, Line& line, MutableBytes buffer) {
  if (!line.udp_question) return {};
  const auto* question = line.udp_question->poll(now);
  if (!question) {
    if (line.udp_question->over()) line.udp_question.reset();
    return {};
  }
  Bytes hello = line.client.write_question(question->transaction, false);
  std::copy(hello.begin(), hello.end(), buffer.begin());
  return {question->path, hello.size()};
}

void RelayTable::use_udp(Instant now, Line& line) {
  line.udp_question.reset();
  if (is_udp(line.urls[line.url])) return;
  line.url = first_choice(line.urls);
  line.silent_transports = 0;
  want(now, line);
}

std::optional<bool> RelayTable::udp_passes() const {
  std::optional<bool> passes;
  for (const auto& [number, line] : lines_) {
    if (!line->client.ready()) continue;
    // A relay inside our own network shows nothing of what gets out of it.
    bool outside = traversal::kind_of(line->client.path().remote) == traversal::CandidateKind::outside;
    if (is_udp(line->urls[line->url])) {
      if (outside) return true;
      continue;
    }
    if (std::any_of(line->urls.begin(), line->urls.end(), is_udp)) passes = false;
  }
  return passes;
}

}  // namespace drawbridge::relay
