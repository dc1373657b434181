#include "daemon/gateway/labels.hpp"

#include <algorithm>

#include "keys/unicode.hpp"

namespace drawbridge::gateway {
namespace {

const std::string prefix = "gateway/label/";
constexpr size_t longest_label = 40;  // of the 63 that DNS allows: room for a number

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string plain_letters(const std::string& name) {
  auto folded_name = folded(name);
  if (!folded_name) return {};
  return std::string(as_text(folded_name->reveal()));
}

}  // namespace

std::string dns_label(const std::string& name) {
  std::string out;
  for (char c : plain_letters(name)) {
    if (is_letter_or_digit(c))
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
    if (out.size() == longest_label) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "office" : out;
}

bool OfficeLabels::taken(const std::string& label) const {
  return std::any_of(settings_.all().begin(), settings_.all().end(),
                     [&](const auto& entry) { return entry.first.starts_with(prefix) && entry.second == label; });
}

std::string OfficeLabels::label(const DeviceId& office, const std::string& name) {
  std::string setting = prefix + to_text(office);
  if (auto kept = settings_.get(setting)) return *kept;
  std::string base = dns_label(name), label = base;
  for (int i = 2; taken(label); ++i) label = base + "-" + std::to_string(i);
  settings_.set(setting, label);
  return label;
}

}  // namespace drawbridge::gateway
