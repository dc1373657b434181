// What an owner writes: the configuration file, targets, proxies, addresses, dates. The first byte says which.
#include <algorithm>

#include "daemon/admin/rfc3339.hpp"
#include "daemon/config.hpp"
#include "daemon/services/target.hpp"
#include "protocol/base/address.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

template <typename T>
void check(const Result<T>& read) {
  if (!read) fuzz::require(!read.error().message.empty(), "a refusal says why");
}

void check_proxy(const std::string& text) {
  auto proxy = parse_proxy(text);
  if (proxy) return fuzz::require(!proxy->host.empty() && proxy->port != 0, "a proxy is somewhere");
  // It may hold a password. What every refusal shows is an example.
  auto words = [](const Error& error) { return error.message + error.remedy; };
  bool in_example = words(parse_proxy("").error()).find(text) != std::string::npos;
  bool told = text.size() >= 8 && !in_example && words(proxy.error()).find(text) != std::string::npos;
  fuzz::require(!told, "a refusal does not repeat a proxy's setting");
}

void check_target(const std::string& text) {
  auto target = parse_target(text);
  check(target);
  if (!target) return;
  bool network = target->kind == Target::Kind::tcp || target->kind == Target::Kind::udp || target->kind == Target::Kind::http;
  fuzz::require(!network || (!target->host.empty() && target->port != 0), "a target in the network is somewhere");
  bool file = target->kind == Target::Kind::folder || target->kind == Target::Kind::unix_socket;
  fuzz::require(!file || target->path.starts_with('/'), "a file's path begins at the root");
}

void check_address(const std::string& text) {
  auto address = parse_socket_address(text);
  check(address);
  if (!address) return;
  auto again = parse_socket_address(to_text(*address));
  fuzz::require(again && *again == *address, "an address that was read can be written and read");
}

void check_time(const std::string& text) {
  auto time = admin::parse_rfc3339(text);
  check(time);
  if (!time) return;
  auto again = admin::parse_rfc3339(admin::to_rfc3339(*time));
  fuzz::require(again && *again == *time, "a date that was read can be written and read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(as_text({data + 1, size - 1}));
  switch (data[0] % 6) {
    case 0:
      // For some letters beyond ASCII in a bare key toml++ 3.3 reaches what it declares unreachable.
      if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) check(parse_config(text, "config.toml"));
      break;
    case 1: check_target(text); break;
    case 2: check_proxy(text); break;
    case 3: check_address(text); break;
    case 4: check_time(text); break;
    default: check(parse_metrics_setting(text));
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {of_kind(0, "listen = [\"0.0.0.0:7470\"]\nlocal_users = [\"ann\"]\ncongestion = \"cubic\"\nlog = \"json\"\nlog_level = \"info\"\ngateway_port = 8300\n"
                     "port_mapping = false\nlan_discovery = true\nmetrics = \"unix:metrics.sock\"\n[network]\nproxy = \"http://a:b@proxy.example:3128\"\n"),
          of_kind(0, "[relay]\nlisten = [\"[::]:7471\"]\nobserve = []\nwebsocket = [\"127.0.0.1:8471\"]\npath = \"/relay\"\nhost = \"relay.example\"\n"
                     "tokens = [\"x\"]\ntrusted_proxies = [\"127.0.0.1\"]\nphone = \"example.org\"\noperator = \"me\"\ncountry = \"FR\"\n"),
          of_kind(1, "host:80"), of_kind(1, "[2001:db8::1]:5432"), of_kind(1, "udp:dns.example:53"), of_kind(1, "http://wiki:8080"), of_kind(1, "unix:/run/x.sock"),
          of_kind(1, "folder:ro:/srv/files"), of_kind(1, "command:python3 -m http.server"), of_kind(1, "office-page"), of_kind(2, "http://user:p%40ss@[::1]:3128/"),
          of_kind(2, "http://proxy.example:8080"), of_kind(3, "192.0.2.1:443"), of_kind(3, "[2001:db8::1]:65535"), of_kind(4, "2026-02-28T23:59:60.123456+05:30"),
          of_kind(4, "2025-03-01T09:30:00.000Z"), of_kind(5, "127.0.0.1:9470"), of_kind(5, "unix:metrics.sock")};
}
