#include "daemon/relay/relay_table.hpp"

#include <fmt/format.h>

#include <map>

#include "daemon/nearest_word.hpp"

namespace drawbridge {
namespace {

struct Table {
  const std::string& file;
  RelaySettings settings;

  Error error(const toml::source_region& where, const std::string& message, const std::string& remedy) const {
    return {ErrorCode::invalid_argument,
            fmt::format("{}:{}:{}: {}", file, where.begin.line, where.begin.column, message), remedy};
  }
};

using Read = Result<void> (*)(Table&, const toml::node&);

template <std::string RelaySettings::*field, size_t longest>
Result<void> text(Table& table, const toml::node& node) {
  const auto* value = node.as_string();
  if (!value || value->get().size() > longest)
    return table.error(node.source(), fmt::format("A text of at most {} bytes is expected here.", longest), "Write it as \"...\".");
  table.settings.*field = value->get();
  return {};
}

template <std::vector<std::string> RelaySettings::*field, size_t most>
Result<void> texts(Table& table, const toml::node& node) {
  const auto* array = node.as_array();
  if (!array || array->size() > most)
    return table.error(node.source(), fmt::format("A list of at most {} texts is expected here.", most), "Write it as [\"...\", \"...\"].");
  for (const toml::node& item : *array) {
    if (!item.is_string() || item.as_string()->get().empty())
      return table.error(item.source(), "A text in quotes is expected here.", "Write it as \"...\".");
    (table.settings.*field).push_back(item.as_string()->get());
  }
  return {};
}

Result<void> read_addresses(Table& table, const toml::node& node, std::vector<SocketAddress>& out) {
  const auto* array = node.as_array();
  if (!array) return table.error(node.source(), "A list of addresses is expected here.", "Write it as [\"0.0.0.0:7471\"].");
  for (const toml::node& item : *array) {
    auto address = parse_socket_address(item.value_or(""));
    if (!address) return table.error(item.source(), address.error().message, address.error().remedy);
    out.push_back(*address);
  }
  return {};
}

template <std::vector<SocketAddress> RelaySettings::*field>
Result<void> addresses(Table& table, const toml::node& node) {
  return read_addresses(table, node, table.settings.*field);
}

Result<void> observe(Table& table, const toml::node& node) {
  return read_addresses(table, node, table.settings.observe.emplace());
}

Result<double> number(Table& table, const toml::node& node) {
  const auto* value = node.as_integer();
  if (!value || value->get() < 0)
    return table.error(node.source(), "A whole number is expected here.", "Write it without quotes; 0 means no bound.");
  return static_cast<double>(value->get());
}

template <double relay::RelayLimits::*field>
Result<void> rate(Table& table, const toml::node& node) {
  auto value = number(table, node);
  if (!value) return value.error();
  table.settings.limits.*field = *value;
  return {};
}

template <size_t relay::RelayLimits::*field>
Result<void> count(Table& table, const toml::node& node) {
  auto value = number(table, node);
  if (!value) return value.error();
  table.settings.limits.*field = static_cast<size_t>(*value);
  return {};
}

Result<void> drain(Table& table, const toml::node& node) {
  auto value = number(table, node);
  if (!value) return value.error();
  table.settings.drain = std::chrono::seconds(static_cast<int64_t>(std::min(*value, 3600.0)));
  return {};
}

// One office opens as many mailboxes as it has devices, so several may come at once.
template <double relay::RelayLimits::*rate_field, double relay::RelayLimits::*burst_field>
Result<void> openings(Table& table, const toml::node& node) {
  auto value = number(table, node);
  if (!value) return value.error();
  table.settings.limits.*rate_field = *value;
  table.settings.limits.*burst_field = *value * 5;
  return {};
}

const std::map<std::string, Read>& known() {
  using S = RelaySettings;
  using L = relay::RelayLimits;
  static const std::map<std::string, Read> keys = {
      {"listen", addresses<&S::listen>},
      {"observe", observe},
      {"websocket", addresses<&S::websocket>},
      {"metrics", addresses<&S::metrics>},
      {"certificate", text<&S::certificate, 4096>},
      {"key", text<&S::key, 4096>},
      {"path", text<&S::path, 200>},
      {"trusted_proxies", texts<&S::trusted_proxies, 64>},
      {"host", text<&S::host, 253>},
      {"phone", text<&S::phone, 200>},
      {"phone_directory", text<&S::phone_directory, 4096>},
      {"tokens", texts<&S::tokens, limits::relay_access_tokens>},
      {"operator", text<&S::operator_name, limits::relay_text_bytes>},
      {"country", text<&S::country, 2>},
      {"websocket_url", text<&S::other_url, limits::relay_url_bytes>},
      {"drain_seconds", drain},
      {"connections", count<&L::associations>},
      {"mailboxes", count<&L::mailboxes>},
      {"connections_per_address", count<&L::associations_per_address>},
      {"mailboxes_per_address", count<&L::mailboxes_per_address>},
      {"openings_per_second", openings<&L::openings_per_second, &L::openings_burst>},
      {"openings_per_address_and_second", openings<&L::openings_per_address, &L::openings_per_address_burst>},
      {"signatures_per_address_and_second", openings<&L::signatures_per_address, &L::signatures_per_address_burst>},
      {"mailbox_bytes_per_second", rate<&L::mailbox_bytes_per_second>},
      {"mailbox_bytes_per_day", rate<&L::mailbox_bytes_per_day>},
      {"address_bytes_per_second", rate<&L::address_bytes_per_second>},
  };
  return keys;
}

Error unknown(const Table& table, const toml::key& key) {
  std::vector<std::string> names;
  for (const auto& [name, read] : known()) names.push_back(name);
  std::string nearest = nearest_word(std::string(key.str()), names);
  return table.error(key.source(), fmt::format("There is no setting '{}' in [relay].", key.str()),
                     nearest.empty() ? fmt::format("The settings are: {}.", fmt::join(names, ", "))
                                     : fmt::format("Did you mean '{}'?", nearest));
}

}  // namespace

Result<RelaySettings> read_relay_table(const toml::node& node, const std::string& file) {
  Table table{file, {}};
  const toml::table* entries = node.as_table();
  if (!entries) return table.error(node.source(), "relay is a table.", "Write [relay] on a line of its own.");
  for (const auto& [key, value] : *entries) {
    auto found = known().find(std::string(key.str()));
    if (found == known().end()) return unknown(table, key);
    if (auto read = found->second(table, value); !read) return read.error();
  }
  const RelaySettings& settings = table.settings;
  if (settings.certificate.empty() != settings.key.empty())
    return table.error(node.source(), "certificate and key belong together.", "Name both files, or neither.");
  if (settings.path.empty() || settings.path[0] != '/')
    return table.error(node.source(), "path begins with a slash.", "Write path = \"/relay\".");
  return std::move(table.settings);
}

}  // namespace drawbridge
