#include "protocol/noise/pattern.hpp"

#include <algorithm>
#include <span>

namespace drawbridge::noise {

namespace {

struct Fundamental {
  std::string_view name;
  bool initiator_static_known, responder_static_known;
  std::array<std::string_view, 3> messages;  // tokens as the Noise document writes them; empty: no such message
};

constexpr Fundamental fundamentals[] = {
    {"N", false, true, {"e es"}},
    {"K", true, true, {"e es ss"}},
    {"X", false, true, {"e es s ss"}},
    {"NN", false, false, {"e", "e ee"}},
    {"NK", false, true, {"e es", "e ee"}},
    {"NX", false, false, {"e", "e ee s es"}},
    {"XN", false, false, {"e", "e ee", "s se"}},
    {"XK", false, true, {"e es", "e ee", "s se"}},
    {"XX", false, false, {"e", "e ee s es", "s se"}},
    {"KN", true, false, {"e", "e ee se"}},
    {"KK", true, true, {"e es ss", "e ee se"}},
    {"KX", true, false, {"e", "e ee se s es"}},
    {"IN", false, false, {"e s", "e ee se"}},
    {"IK", false, true, {"e es s ss", "e ee se"}},
    {"IX", false, false, {"e s", "e ee se s es"}},
};

Token token_named(std::string_view name) {
  constexpr std::string_view names[] = {"e", "s", "ee", "es", "se", "ss"};
  return static_cast<Token>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
}

MessagePattern tokens_of(std::string_view text) {
  MessagePattern message;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    message.tokens[message.count++] = token_named(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return message;
}

Pattern build(const Fundamental& fundamental) {
  Pattern pattern;
  pattern.name = fundamental.name;
  pattern.initiator_static_known = fundamental.initiator_static_known;
  pattern.responder_static_known = fundamental.responder_static_known;
  for (std::string_view text : fundamental.messages) {
    if (!text.empty()) pattern.messages[pattern.message_count++] = tokens_of(text);
  }
  return pattern;
}

// Section 9.3: psk0 stands at the beginning of the first message, pskN at the end of message N.
bool apply_psk(Pattern& pattern, size_t place) {
  if (place > pattern.message_count) return false;
  MessagePattern& message = pattern.messages[place == 0 ? 0 : place - 1];
  size_t at = place == 0 ? 0 : message.count;
  std::copy_backward(message.tokens.begin() + at, message.tokens.begin() + message.count,
                     message.tokens.begin() + message.count + 1);
  message.tokens[at] = Token::psk;
  ++message.count;
  return true;
}

}  // namespace

bool Pattern::has_psk() const {
  for (const MessagePattern& message : messages) {
    auto tokens = std::span(message.tokens).first(message.count);
    if (std::find(tokens.begin(), tokens.end(), Token::psk) != tokens.end()) return true;
  }
  return false;
}

std::optional<Pattern> find_pattern(std::string_view name) {
  std::string_view base = name.substr(0, name.find("psk"));
  std::string_view modifier = name.substr(base.size());
  for (const Fundamental& fundamental : fundamentals) {
    if (fundamental.name != base) continue;
    Pattern pattern = build(fundamental);
    pattern.name = name;
    if (modifier.empty()) return pattern;
    bool numbered = modifier.size() == 4 && modifier[3] >= '0' && modifier[3] <= '3';
    if (numbered && apply_psk(pattern, static_cast<size_t>(modifier[3] - '0'))) return pattern;
  }
  return std::nullopt;
}

}  // namespace drawbridge::noise
