// Handshake patterns of the Noise Protocol Framework, revision 34, sections 7.4 (one-way), 7.5 (interactive) and 9
// (psk). Drawbridge speaks IKpsk2 only. The others exercise the same code against the ecosystem's vectors.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::noise {

enum class Token : unsigned char { e, s, ee, es, se, ss, psk };

struct MessagePattern {
  std::array<Token, 6> tokens{};
  size_t count = 0;
};

struct Pattern {
  std::string name;                        // "IKpsk2"
  bool initiator_static_known = false;     // pre-message "-> s"
  bool responder_static_known = false;     // pre-message "<- s"
  std::array<MessagePattern, 3> messages;  // alternating, the initiator's first
  size_t message_count = 0;

  bool has_psk() const;
};

// By name: one of the fifteen fundamental patterns, with at most one modifier "psk0" to "psk3". Nothing if there is
// no such pattern.
std::optional<Pattern> find_pattern(std::string_view name);

}  // namespace drawbridge::noise
