#include "protocol/traversal/fixed_address.hpp"

#include <algorithm>
#include <charconv>

#include "protocol/base/address.hpp"

namespace drawbridge::traversal {
namespace {

constexpr size_t name_longest = 253;   // RFC 1035 2.3.4, as written
constexpr size_t label_longest = 63;

Error refused(const std::string& what) {
  return {ErrorCode::invalid_argument, what, "Write HOST:PORT, such as office.example.org:7470 or 203.0.113.7:7470."};
}

bool read_port(std::string_view text, uint16_t& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view label) {
  auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= label_longest && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), allowed);
}

// A last label of digits would be an address with a mistake in it (RFC 3696 2).
bool is_name(std::string_view name) {
  if (name.size() > name_longest) return false;
  while (true) {
    size_t dot = name.find('.');
    std::string_view label = name.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
    name.remove_prefix(dot + 1);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Result<FixedAddress> parse_fixed_address(std::string_view text) {
  if (text.size() > name_longest + 8) return refused("This is too long for an address.");
  size_t colon = text.rfind(':');
  FixedAddress address;
  bool has_port = colon != std::string_view::npos && colon > 0 && (text[0] != '[' || text[colon - 1] == ']');
  if (!has_port) return refused("The port is missing.");
  if (!read_port(text.substr(colon + 1), address.port)) return refused("The port is not a number from 1 to 65535.");
  address.host = lower(text.substr(0, colon));
  if (is_name(address.host)) {
    if (address.host == "localhost") return refused("No other computer reaches this one by that name.");
    return address;
  }
  auto literal = parse_socket_address(text);
  if (!literal) return refused("'" + address.host + "' is neither a name nor an address.");
  bool nobodys = literal->is_unspecified() || literal->is_multicast() || literal->is_loopback() || literal->is_link_local();
  if (nobodys) return refused("No other computer reaches this one at that address.");
  std::string canonical = drawbridge::to_text(*literal);
  canonical.resize(canonical.rfind(':'));
  bool bracketed = canonical.front() == '[';
  address.host = bracketed ? canonical.substr(1, canonical.size() - 2) : canonical;
  return address;
}

std::string to_text(const FixedAddress& address) {
  bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace drawbridge::traversal
