#include "daemon/config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/system_error.hpp"
#include "daemon/nearest_word.hpp"
#include "daemon/relay/relay_table.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge {
namespace {

constexpr size_t largest_config = 64 * 1024;
// Of a line. The parser goes as deep as a name has dots (a.a.a.…), also in its clean-up: many thousands exhaust the stack. It
// is read again at SIGHUP, by a daemon that serves.
constexpr auto most_dots = 1'000;

struct Reader {
  const std::string& file;
  Config config;

  Error error(const toml::source_region& where, const std::string& message, const std::string& remedy) const {
    return {ErrorCode::invalid_argument,
            fmt::format("{}:{}:{}: {}", file, where.begin.line, where.begin.column, message), remedy};
  }
};

using Read = Result<void> (*)(Reader&, const toml::node&);

Result<std::string> text_of(Reader& reader, const toml::node& node) {
  if (const auto* value = node.as_string()) return value->get();
  return reader.error(node.source(), "A text in quotes is expected here.", "Write it as \"...\".");
}

Result<std::vector<std::pair<std::string, const toml::node*>>> texts_of(Reader& reader, const toml::node& node) {
  std::vector<std::pair<std::string, const toml::node*>> out;
  const auto* array = node.as_array();
  if (!array) return reader.error(node.source(), "A list is expected here.", "Write it as [\"...\", \"...\"].");
  for (const toml::node& item : *array) {
    auto text = text_of(reader, item);
    if (!text) return text.error();
    out.emplace_back(text.take(), &item);
  }
  return out;
}

template <typename Choice>
Result<void> choose(Reader& reader, const toml::node& node, Choice& out, const std::map<std::string, Choice>& choices) {
  auto text = text_of(reader, node);
  if (!text) return text.error();
  auto found = choices.find(*text);
  if (found != choices.end()) {
    out = found->second;
    return {};
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.push_back("\"" + name + "\"");
  return reader.error(node.source(), fmt::format("\"{}\" is not a choice here.", *text),
                      fmt::format("Write {}.", fmt::join(names, " or ")));
}

Result<void> read_listen(Reader& reader, const toml::node& node) {
  auto texts = texts_of(reader, node);
  if (!texts) return texts.error();
  for (const auto& [text, item] : *texts) {
    auto address = parse_socket_address(text);
    if (!address) return reader.error(item->source(), address.error().message, address.error().remedy);
    reader.config.listen.push_back(*address);
  }
  return {};
}

Result<void> read_local_users(Reader& reader, const toml::node& node) {
  auto texts = texts_of(reader, node);
  if (!texts) return texts.error();
  for (const auto& [text, item] : *texts) reader.config.local_users.push_back(text);
  return {};
}

Result<void> read_congestion(Reader& reader, const toml::node& node) {
  return choose<bool>(reader, node, reader.config.cubic, {{"bbr2", false}, {"cubic", true}});
}

Result<void> read_log(Reader& reader, const toml::node& node) {
  return choose<LogFormat>(reader, node, reader.config.log, {{"human", LogFormat::human}, {"json", LogFormat::json}});
}

Result<void> read_log_level(Reader& reader, const toml::node& node) {
  return choose<LogLevel>(reader, node, reader.config.log_level,
                          {{"error", LogLevel::error}, {"warning", LogLevel::warning}, {"info", LogLevel::info}});
}

Result<void> read_passphrase_file(Reader& reader, const toml::node& node) {
  auto text = text_of(reader, node);
  if (!text) return text.error();
  reader.config.passphrase_file = text.take();
  return {};
}

Result<void> read_metrics(Reader& reader, const toml::node& node) {
  auto text = text_of(reader, node);
  if (!text) return text.error();
  auto setting = parse_metrics_setting(*text);
  if (!setting) return reader.error(node.source(), setting.error().message, setting.error().remedy);
  reader.config.metrics = setting.take();
  return {};
}

Result<void> read_gateway_port(Reader& reader, const toml::node& node) {
  const auto* value = node.as_integer();
  if (!value || value->get() < 0 || value->get() > 65'535) {
    return reader.error(node.source(), "A port is expected here.",
                        "Write a number from 1 to 65535, or 0 to switch the gateway off.");
  }
  reader.config.gateway_port = static_cast<uint16_t>(value->get());
  return {};
}

template <bool Config::*Setting>
Result<void> read_switch(Reader& reader, const toml::node& node) {
  const auto* value = node.as_boolean();
  if (!value) return reader.error(node.source(), "Yes or no is expected here.", "Write true or false.");
  reader.config.*Setting = value->get();
  return {};
}

Result<void> read_proxy(Reader& reader, const toml::node& node) {
  auto text = text_of(reader, node);
  if (!text) return text.error();
  reader.config.no_proxy = text->empty();
  if (text->empty()) return {};
  auto proxy = parse_proxy(*text);
  if (!proxy) return reader.error(node.source(), proxy.error().message, proxy.error().remedy);
  reader.config.proxy = proxy.take();
  return {};
}

Result<void> read_phone_page(Reader& reader, const toml::node& node) {
  auto text = text_of(reader, node);
  if (!text) return text.error();
  if (!relay::is_phone_page(*text)) return reader.error(node.source(), "This is no address of a phone's page.", "Write it as \"https://shell.bridge.example\", without anything behind the name.");
  reader.config.phone_page = text.take();
  return {};
}

Result<void> read_network(Reader& reader, const toml::node& node) {
  const toml::table* entries = node.as_table();
  if (!entries) return reader.error(node.source(), "network is a table.", "Write [network] on a line of its own.");
  for (const auto& [key, value] : *entries) {
    bool is_proxy = key.str() == "proxy";
    if (!is_proxy && key.str() != "phone_page")
      return reader.error(key.source(), fmt::format("There is no setting '{}' in [network].", key.str()), "The settings are: proxy, phone_page.");
    if (auto read = is_proxy ? read_proxy(reader, value) : read_phone_page(reader, value); !read) return read.error();
  }
  return {};
}

Result<void> read_relay(Reader& reader, const toml::node& node) {
  auto settings = read_relay_table(node, reader.file);
  if (!settings) return settings.error();
  reader.config.relay = settings.take();
  return {};
}

const std::map<std::string, Read>& known_keys() {
  static const std::map<std::string, Read> keys = {{"listen", read_listen},
                                                   {"local_users", read_local_users},
                                                   {"congestion", read_congestion},
                                                   {"log", read_log},
                                                   {"log_level", read_log_level},
                                                   {"passphrase_file", read_passphrase_file},
                                                   {"gateway_port", read_gateway_port},
                                                   {"port_mapping", read_switch<&Config::port_mapping>},
                                                   {"lan_discovery", read_switch<&Config::lan_discovery>},
                                                   {"metrics", read_metrics},
                                                   {"network", read_network},
                                                   {"relay", read_relay}};
  return keys;
}

Error unknown_key(const Reader& reader, const toml::key& key) {
  std::vector<std::string> names;
  for (const auto& [name, read] : known_keys()) names.push_back(name);
  std::string nearest = nearest_word(std::string(key.str()), names);
  return reader.error(key.source(), fmt::format("There is no setting '{}'.", key.str()),
                      nearest.empty() ? fmt::format("The settings are: {}.", fmt::join(names, ", "))
                                      : fmt::format("Did you mean '{}'?", nearest));
}

}  // namespace

namespace {

// The first line that has too many dots, counted from 1; 0: none.
size_t deep_line(std::string_view text) {
  size_t number = 1;
  for (size_t end = 0; !text.empty(); text.remove_prefix(std::min(end + 1, text.size())), ++number) {
    end = std::min(text.find('\n'), text.size());
    if (std::count(text.begin(), text.begin() + static_cast<long>(end), '.') > most_dots) return number;
  }
  return 0;
}

}  // namespace

Result<Config> parse_config(const std::string& text, const std::string& file) {
  Reader reader{file, {}};
  if (size_t line = deep_line(text); line > 0)
    return Error{ErrorCode::invalid_argument, fmt::format("{}:{}: This line is no setting: it has more than {} dots.", file, line, most_dots), "Take it out."};
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    return reader.error(parsed.error().source(), std::string(parsed.error().description()) + ".",
                        "Correct this line; the format is TOML.");
  }
  for (const auto& [key, node] : parsed.table()) {
    auto known = known_keys().find(std::string(key.str()));
    if (known == known_keys().end()) return unknown_key(reader, key);
    if (auto read = known->second(reader, node); !read) return read.error();
  }
  return std::move(reader.config);
}

Result<Config> read_config(const std::string& file) {
  FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT)
    return Error{ErrorCode::not_found, "There is no configuration file " + file + ".", "Check the path."};
  if (!fd) return system_error("Cannot read " + file, errno, "Check the path and its permissions.");
  struct stat found {};
  if (fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode))
    return Error{ErrorCode::invalid_argument, file + " is not a regular file.", "Put the configuration itself there."};
  std::string text(largest_config + 1, '\0');
  size_t length = 0;
  ssize_t got = 0;
  while (length < text.size() && (got = read(fd.get(), text.data() + length, text.size() - length)) > 0) length += static_cast<size_t>(got);
  if (got < 0) return system_error("Cannot read " + file, errno);
  if (length > largest_config)
    return Error{ErrorCode::limit, file + " is larger than 64 KiB.", "Take out what is no setting."};
  text.resize(length);
  return parse_config(text, file);
}

}  // namespace drawbridge
