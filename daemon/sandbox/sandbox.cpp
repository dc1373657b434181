#include "daemon/sandbox/sandbox.hpp"

#include <filesystem>
#include <system_error>
#include <thread>

#include "daemon/io/system_error.hpp"
#include "daemon/sandbox/landlock.hpp"
#include "daemon/sandbox/system_calls.hpp"

namespace drawbridge {
namespace {

// What the C library, name services, TLS and the kernel's own files need. No home folders, no data.
constexpr const char* system_folders[] = {"/usr", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/sys", "/run"};
constexpr const char* system_devices[] = {"/dev/urandom", "/dev/random"};

std::vector<PathRule> rules_for(const SandboxPaths& paths) {
  std::vector<PathRule> rules{{paths.state, true}, {"/dev/null", true}};
  for (const char* folder : system_folders) rules.push_back({folder, false});
  for (const char* device : system_devices) rules.push_back({device, false});
  for (const std::string& file : paths.read) {
    std::error_code error;
    auto folder = std::filesystem::absolute(file, error).parent_path();
    if (!error && !file.empty()) rules.push_back({folder.string(), false});
  }
  return rules;
}

}  // namespace

Result<std::vector<std::string>> enter_sandbox(const SandboxPaths& paths) {
  std::vector<std::string> lacking;
  if (landlock_version() == 0) lacking.push_back("This kernel has no Landlock: files are not confined by it.");
  if (auto confined = confine_files(rules_for(paths)); !confined) return confined.error();
  if (auto limited = limit_system_calls(); !limited) lacking.push_back(limited.error().message + ".");
  return lacking;
}

Error folder_not_served(int number) {
  return system_error("The folder cannot be served", number, "Look for a limit on threads or memory.");
}

Result<void> run_for_folder(Outside* outside, const std::function<void()>& work) {
  if (!outside) {
    work();
    return {};
  }
  Result<void> ran;
  outside->run([&work, &ran] {
    try {
      std::thread([&work] {
        (void)limit_system_calls();  // where the kernel has no filters, enter_sandbox has said so
        work();
      }).join();
    } catch (const std::system_error& refused) {
      ran = folder_not_served(refused.code().value());
    }
  });
  return ran;
}

}  // namespace drawbridge
