// drawbridged: the daemon, in the foreground.
#include <grp.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "daemon/admin/control_socket.hpp"
#include "daemon/bridge.hpp"
#include "daemon/key_log.hpp"
#include "daemon/key_opening.hpp"
#include "daemon/process.hpp"
#include "daemon/relay/phone_release.hpp"
#include "daemon/relay/relay_only.hpp"
#include "daemon/sandbox/sandbox.hpp"
#include "daemon/storage/key_file_reader.hpp"
#include "keys/libsodium.hpp"

namespace drawbridge {
namespace {

struct CommandLine {
  std::string state, config, log, control_group, phone, phone_directory;
  std::vector<std::string> listen;
  bool relay = false, no_sandbox = false;
};

int fail(const Error& error) {
  std::fprintf(stderr, "drawbridged: %s%s%s\n", error.message.c_str(), error.remedy.empty() ? "" : " ",
               error.remedy.c_str());
  return 1;
}

Result<std::vector<SocketAddress>> parse_addresses(const std::vector<std::string>& texts) {
  std::vector<SocketAddress> out;
  for (const std::string& text : texts) {
    auto address = parse_socket_address(text);
    if (!address) return address.error();
    out.push_back(*address);
  }
  return out;
}

// The file named on the command line must exist; the one in the state folder may.
Result<Config> configuration(const CommandLine& line, const StateDirectory& state) {
  auto config = read_config(line.config.empty() ? state.config_file() : line.config);
  bool absent = !config && line.config.empty() && config.error().code == ErrorCode::not_found;
  Config out = config ? config.take() : Config();
  if (!config && !absent) return config.error();
  if (!line.phone.empty()) out.relay.phone = line.phone;
  if (!line.phone_directory.empty()) out.relay.phone_directory = line.phone_directory;
  if (!line.log.empty()) out.log = line.log == "json" ? LogFormat::json : LogFormat::human;
  return out;
}

Result<std::optional<gid_t>> group_named(const std::string& name) {
  if (name.empty()) return std::optional<gid_t>();
  if (const group* found = getgrnam(name.c_str())) return std::optional<gid_t>(found->gr_gid);
  return Error{ErrorCode::not_found, "There is no group '" + name + "' on this computer.",
               "Correct --control-group, or make the group."};
}

// From here on this process is confined, and so is all that it starts, but for the outside thread.
Result<void> close_sandbox(const CommandLine& line, const StateDirectory& state, const Config& config) {
  if (line.no_sandbox) return {};
  SandboxPaths paths{state.path(), {line.config, config.passphrase_file, config.relay.certificate, config.relay.key}};
  if (!config.relay.phone.empty()) paths.read.push_back(config.relay.phone_directory + "/");
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) paths.read.push_back(std::string(credentials) + "/");
  auto lacking = enter_sandbox(paths);
  if (!lacking) return lacking.error();
  Log log(STDOUT_FILENO, config.log, config.log_level);
  for (const std::string& what : *lacking) log.warning(LogEvent::sandbox_incomplete, {{LogField::message, what}});
  return {};
}

bool has_identity(const StateDirectory& state) {
  return access(find_key(state.key_file(), "").file.c_str(), F_OK) == 0;
}

Result<void> serve_relay(const CommandLine& line, const StateDirectory& state, const std::vector<SocketAddress>& listen) {
  auto config = configuration(line, state);
  if (!config) return config.error();
  if (!listen.empty()) config->relay.listen = listen;
  if (auto closed = close_sandbox(line, state, *config); !closed) return closed.error();
  return serve_relay_only(state, *config);
}

// Until a signal ends it; again from the start when the state behind it was replaced.
Result<void> run_bridges(const StateDirectory& state, BridgeOptions& options, const NodeSecrets& secrets) {
  auto end = Bridge::End::restart;
  while (end == Bridge::End::restart) {
    auto config = options.read_config();
    if (!config) return config.error();
    Log log(STDOUT_FILENO, config->log, config->log_level);
    auto bridge = Bridge::open(state, options, *config, log, secrets);
    if (!bridge) return bridge.error();
    end = (*bridge)->run();
    options.listen = (*bridge)->listening();  // peers look for this node where it was
  }
  return {};
}

Result<void> serve_node(const CommandLine& line, const StateDirectory& state, std::vector<SocketAddress> listen) {
  auto group = group_named(line.control_group);
  if (!group) return group.error();
  auto config = configuration(line, state);
  if (!config) return config.error();
  std::string release = phone_release(config->relay.phone_directory);
  std::optional<Outside> outside;
  if (!line.no_sandbox) outside.emplace();
  if (auto closed = close_sandbox(line, state, *config); !closed) return closed.error();
  KeySource source = find_key(state.key_file(), config->passphrase_file);
  auto secrets = secrets_at_start(source);
  if (!secrets) return secrets.error();
  auto control = admin::ControlSocket::open(state.control_socket(), *group);
  if (!control) return control.error();
  if (!*secrets) {
    Log log(STDOUT_FILENO, config->log, config->log_level);
    *secrets = secrets_by_unlock(source, log, *control, *group, read_name(state));
  }
  if (!*secrets) return {};  // ended before anybody unlocked it
  BridgeOptions options{std::move(listen), control->listener(), *group, [&] { return configuration(line, state); }, line.relay,
                        outside ? &*outside : nullptr, std::move(release)};
  return run_bridges(state, options, **secrets);
}

Result<void> serve(const CommandLine& line) {
  auto listen = parse_addresses(line.listen);
  if (!listen) return listen.error();
  auto path = find_state_directory(line.state);
  if (!path) return path.error();
  // A relay needs no identity, and so no 'drawbridge init'.
  if (line.relay) mkdir(path->c_str(), 0700);
  auto state = StateDirectory::take(*path);
  if (!state) return state.error();
  if (line.relay && !has_identity(*state)) return serve_relay(line, *state, *listen);
  return serve_node(line, *state, listen.take());
}

}  // namespace
}  // namespace drawbridge

int main(int argc, char** argv) {
  using namespace drawbridge;
  prepare_process();
  if (!start_libsodium())
    return fail({ErrorCode::io, "This computer gives no random numbers.", "Check that /dev/urandom works."});
  CommandLine line;
  CLI::App app("The Drawbridge daemon: makes this computer reachable from your own devices, and from nothing else.",
               "drawbridged");
  app.add_option("--state", line.state, "Folder of the identity and everything else (made by 'drawbridge init')")
      ->type_name("DIR");
  app.add_option("--config", line.config, "Configuration file (default: config.toml in the state folder)")
      ->type_name("FILE");
  app.add_option("--listen", line.listen,
                 "UDP address to listen on; may be repeated (default: port 7470 of every address)")
      ->type_name("ADDR:PORT");
  app.add_option("--control-group", line.control_group,
                 "Group whose members may control this node, too (the system service: drawbridge)")
      ->type_name("GROUP");
  app.add_flag("--relay", line.relay, "Serve as a relay: alone, or beside this computer's own identity if it has one");
  app.add_option("--phone", line.phone, "With --relay: serve the phone's page, too, at shell.BASE on the relay's WebSocket port")->type_name("BASE");
  app.add_option("--phone-directory", line.phone_directory, "Where the phone's page is (default: /usr/share/drawbridge/phone)")->type_name("DIR");
  app.add_option("--log", line.log, "Form of the log on standard output")->check(CLI::IsMember({"human", "json"}));
  app.add_flag("--no-sandbox", line.no_sandbox,
               "For debuggers and profilers: do not confine this process to its files and system calls");
  app.set_version_flag("--version", std::string("drawbridged ") + DRAWBRIDGE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  open_key_log();
  auto served = serve(line);
  return served ? 0 : fail(served.error());
}
