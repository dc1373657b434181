#include "cli/service_unit.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "cli/atomic_file.hpp"
#include "cli/failure.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {
namespace {

constexpr const char* take_effect = "systemctl daemon-reload && systemctl restart drawbridged";
// What ProtectHome= and PrivateTmp= hide from the service.
constexpr const char* hidden[] = {"/home", "/root", "/run/user", "/tmp", "/var/tmp"};

bool lies_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// Where its links lead, with no slash at its end (none at all for the root): as it is to be compared.
std::string resolved(const std::string& path) {
  std::error_code error;
  std::string out = std::filesystem::weakly_canonical(path, error).string();
  if (error) out = std::filesystem::path(path).lexically_normal().string();
  out.erase(out.find_last_not_of('/') + 1);
  return out;
}

// As a word of systemd.exec(5): in quotes, where a space or colon means nothing; % begins a specifier everywhere.
std::string unit_word(const std::string& path) {
  bool plain = std::none_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!plain)
    throw CommandFailed(ErrorCode::invalid_argument, "The path holds a control character; no unit of systemd can name it.",
                        "Rename the folder.");
  std::string out = "\"";
  for (char c : path) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%') out += '%';
    out += c;
  }
  return out + "\"";
}

// For a shell, as a command that can be pasted.
std::string shell_word(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != text.npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string path_in(const std::string& target, const std::string& kind) {
  return target.starts_with(kind) ? target.substr(kind.size()) : "";
}

// Says nothing but itself in a unit's text and in a file's name; the daemon takes no others.
bool is_harmless(const std::string& service) {
  return !service.empty() && service.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == service.npos;
}

// What the daemon is about to refuse, in its own words: nothing is written for it, least of all by root.
bool will_be_refused(const std::string& service, const std::string& target) {
  std::string folder = path_in(target, "folder:ro:");
  if (folder.empty()) folder = path_in(target, "folder:");
  bool holds_state = !folder.empty() && lies_below(resolved(admin::system_state_directory), resolved(folder));
  return holds_state || !is_harmless(service);
}

bool is_hidden(const std::string& path) {
  return std::any_of(std::begin(hidden), std::end(hidden), [&](const char* place) { return lies_below(path, place); });
}

// The minus lets the service start without it: a disk that is not there must not stop the office.
std::string setting_for(const std::string& target) {
  std::string readable = path_in(target, "folder:ro:"), socket = path_in(target, "unix:");
  if (!readable.empty()) return is_hidden(readable) ? "BindReadOnlyPaths=-" + unit_word(readable) : "";
  std::string folder = path_in(target, "folder:");
  if (!folder.empty() && !lies_below(folder, admin::system_state_directory)) return "BindPaths=-" + unit_word(folder);
  // Its folder: a program that starts anew makes a new socket.
  if (is_hidden(socket)) return "BindReadOnlyPaths=-" + unit_word(std::filesystem::path(socket).parent_path());
  return "";
}

bool runs_as_service(const UnitFolders& folders, const std::string& state) {
  return state == admin::system_state_directory && access(folders.manager.c_str(), F_OK) == 0;
}

bool holds(const std::string& file, const std::string& text) {
  if (access(file.c_str(), R_OK) != 0) return false;
  return to_string(read_file(file, text.size() + 64 * 1024)) == text;
}

// The control socket is as old as the running service.
bool is_in_force(const std::string& file, const std::string& state) {
  struct stat drop_in {}, socket {};
  if (stat(file.c_str(), &drop_in) != 0) return false;
  std::string path = state + "/" + admin::control_socket_name;
  if (stat(path.c_str(), &socket) != 0) return true;  // not running: it will read it when it starts
  auto at = [](const timespec& time) { return std::pair(time.tv_sec, time.tv_nsec); };
  return at(drop_in.st_mtim) <= at(socket.st_mtim);
}

void write_drop_in(const UnitFolders& folders, const std::string& file, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(folders.drop_ins, error);
  chmod(folders.drop_ins.c_str(), 0755);
  write_file_atomically(file, as_bytes(text), 0644, Existing::replace);
}

}  // namespace

std::optional<std::string> drop_in_for(const std::string& service, const std::string& target) {
  std::string setting = setting_for(target);
  if (setting.empty()) return std::nullopt;
  return fmt::format("# Lets the service “{}” in; written by 'drawbridge expose', removed by 'drawbridge unexpose'.\n[Service]\n{}\n",
                     service, setting);
}

void let_in(const UnitFolders& folders, const std::string& state, const std::string& service, const std::string& target) {
  if (!runs_as_service(folders, state) || will_be_refused(service, target)) return;
  auto text = drop_in_for(service, target);
  if (!text) return;
  std::string file = folders.drop_in(service);
  bool written = holds(file, *text);
  if (written && is_in_force(file, state)) return;
  if (!written && access(file.c_str(), F_OK) == 0 && is_in_force(file, state))
    throw CommandFailed(ErrorCode::already_exists, fmt::format("{} is there for another target.", file),
                        fmt::format("Choose another name, or first: sudo drawbridge unexpose {}", service));
  if (!written && geteuid() != 0)
    throw CommandFailed(ErrorCode::not_allowed, "The system service does not see this place; only root can let it in.",
                        fmt::format("Run: sudo drawbridge expose {} {}", service, shell_word(target)));
  if (!written) write_drop_in(folders, file, *text);
  throw CommandFailed(ErrorCode::state, fmt::format("{} lets the service in when it starts the next time.", file),
                      fmt::format("Run as root: {} - then this command again.", take_effect));
}

std::string shut_out(const UnitFolders& folders, const std::string& state, const std::string& service) {
  std::string file = folders.drop_in(service);
  if (!runs_as_service(folders, state) || !is_harmless(service) || access(file.c_str(), F_OK) != 0) return "";
  if (unlink(file.c_str()) == 0) return fmt::format("To shut the place off from the service, too: {}", take_effect);
  return fmt::format("To shut the place off from the service, too: sudo rm {} && sudo sh -c '{}'", file, take_effect);
}

}  // namespace drawbridge::cli
