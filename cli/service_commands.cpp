// expose, unexpose, services, open.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "cli/command_table.hpp"
#include "cli/service_unit.hpp"
#include "cli/status_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct ExposeArguments {
  std::string name, target;
};

struct OpenArguments {
  std::string service;
  bool close = false;
};

// The daemon has another working directory: `folder:` and `unix:` paths are made absolute here.
std::string absolute_target(const std::string& target) {
  for (std::string kind : {"folder:ro:", "folder:", "unix:"}) {
    if (!target.starts_with(kind)) continue;
    std::string path = target.substr(kind.size());
    if (path.empty()) return target;
    if (path == "~" || path.starts_with("~/"))
      path = std::string(getenv("HOME") ? getenv("HOME") : "~") + path.substr(1);
    return kind + std::filesystem::absolute(path).lexically_normal().string();
  }
  return target;
}

ExitCode expose(Session& session, const ExposeArguments& arguments) {
  std::string target = absolute_target(arguments.target);
  let_in(UnitFolders(), session.state, arguments.name, target);
  Value service = session.ask("expose", Value::map({{"name", arguments.name}, {"target", target}}));
  if (session.out.document(service)) return ExitCode::done;
  session.out.line(fmt::format("“{}” is exposed. Devices reach it once they are allowed to: drawbridge allow DEVICE {}",
                               arguments.name, arguments.name));
  if (service.text("state") == "target_down")
    session.out.note(fmt::format("For now nothing answers at {}.", service.text("target")));
  return ExitCode::done;
}

ExitCode unexpose(Session& session, const std::string& name) {
  auto shut_out_of_unit = [&] {
    std::string left_to_do = shut_out(UnitFolders(), session.state, name);
    if (!left_to_do.empty()) session.out.note(left_to_do);
  };
  Value result;
  try {
    result = session.ask("unexpose", Value::map({{"name", name}}));
  } catch (const CommandFailed& failed) {
    // The drop-in comes before the service: the daemon may have refused that since.
    if (failed.failure().code == code_name(ErrorCode::not_found)) shut_out_of_unit();
    throw;
  }
  shut_out_of_unit();
  if (!session.out.document(result)) session.out.line(fmt::format("“{}” is no longer exposed.", name));
  return ExitCode::done;
}

ExitCode services(Session& session) {
  Value result = session.ask("services");
  if (session.out.document(result)) return ExitCode::done;
  if (result.items().empty()) session.out.line("No services yet. On the office: drawbridge expose NAME TARGET");
  if (result.items().empty()) return ExitCode::done;
  for (const std::string& line : lines_of(service_table(result.items()), session.out)) session.out.line(line);
  return ExitCode::done;
}

const Value& service_to_open(const Value::Array& services, const std::string& name) {
  const Value* found = nullptr;
  for (const Value& service : services) {
    if (service.text("url").empty() || (!name.empty() && service.text("name") != name)) continue;
    if (found)
      throw CommandFailed(ErrorCode::invalid_argument, "Several services can be opened in a browser.",
                          "Name one of drawbridge services.");
    found = &service;
  }
  if (found) return *found;
  throw CommandFailed(ErrorCode::not_found,
                      name.empty() ? "No service can be opened in a browser."
                                   : fmt::format("“{}” cannot be opened in a browser.", name),
                      "See drawbridge services.");
}

// Whether the desktop's opener could be started and took the address.
bool open_in_browser(const std::string& url) {
  pid_t child = fork();
  if (child == 0) {
    execlp("xdg-open", "xdg-open", url.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void show_in_browser(Session& session, const std::string& url) {
  session.out.line(url);
  bool has_screen = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
  if (!has_screen || !open_in_browser(url)) session.out.note("Open this address in a browser on this computer.");
}

ExitCode open_service(Session& session, const Value::Array& services, const std::string& name) {
  std::string url = service_to_open(services, name).text("url");
  if (!session.out.document(Value::map({{"url", url}}))) show_in_browser(session, url);
  return ExitCode::done;
}

// The browser is not root's: who called sudo may connect.
Value page_user() {
  const char* user = geteuid() == 0 ? getenv("SUDO_UID") : nullptr;
  return user ? Value(uint64_t{std::strtoul(user, nullptr, 10)}) : Value();
}

ExitCode open_page(Session& session) {
  Value page = session.ask("page.open", Value::map({{"user", page_user()}}));
  if (session.out.document(page)) return ExitCode::done;
  show_in_browser(session, page.text("url"));
  session.out.note("The address works once, for five minutes. To close the page everywhere: drawbridge open --close");
  return ExitCode::done;
}

ExitCode close_page(Session& session) {
  Value result = session.ask("page.close");
  if (session.out.document(result)) return ExitCode::done;
  session.out.line(result.uint("closed").value_or(0) ? "The page is closed." : "The page was not open.");
  return ExitCode::done;
}

// Nobody's office, and something to look at: that is what a device's owner means.
bool is_a_device_only(const Value::Array& services) {
  bool opens = false;
  for (const Value& service : services) {
    if (service.text("target").empty()) opens = opens || !service.text("url").empty();
    else return false;
  }
  return opens;
}

ExitCode open(Session& session, const OpenArguments& arguments) {
  if (arguments.close) return close_page(session);
  Value listed = session.ask("services");
  bool service = !arguments.service.empty() || is_a_device_only(listed.items());
  return service ? open_service(session, listed.items(), arguments.service) : open_page(session);
}

}  // namespace

void add_service_commands(CommandTable& table) {
  auto exposed = std::make_shared<ExposeArguments>();
  auto* expose_command = table.add("expose", "Share a service of this office with allowed devices",
                                   [exposed](Session& session) { return expose(session, *exposed); });
  expose_command->add_option("NAME", exposed->name, "Lower-case letters, digits and dashes")->required();
  expose_command->add_option("TARGET", exposed->target, "HOST:PORT, udp:HOST:PORT, http://HOST:PORT, unix:/PATH, folder:/PATH, command:PROGRAM or office-page")->required();

  auto removed = std::make_shared<std::string>();
  auto* unexpose_command = table.add("unexpose", "Stop sharing a service",
                                     [removed](Session& session) { return unexpose(session, *removed); });
  unexpose_command->add_option("NAME", *removed)->required();

  table.add("services", "What this computer shares, and what it may reach", services);

  auto opened = std::make_shared<OpenArguments>();
  auto* open_command = table.add("open", "Open this office's page, or a service, in the browser",
                                 [opened](Session& session) { return open(session, *opened); });
  open_command->add_option("SERVICE", opened->service, "One that an office offers to this computer");
  open_command->add_flag("--close", opened->close, "Close this office's page, wherever it is open on this computer");
}

}  // namespace drawbridge::cli
