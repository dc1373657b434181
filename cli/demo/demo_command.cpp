// demo: the whole story with an office and a laptop on this machine, and what each step took.
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/atomic_file.hpp"
#include "cli/command_table.hpp"
#include "cli/demo/computer.hpp"
#include "cli/demo/download.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;
using namespace std::chrono_literals;

constexpr size_t file_size = 64 << 20;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string base = std::filesystem::temp_directory_path() / "drawbridge-demo-XXXXXX";
    if (!mkdtemp(base.data()))
      throw CommandFailed(ErrorCode::io, "No temporary folder could be made.", "Check TMPDIR.");
    path_ = base;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double to_ms(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// Tells the steps as they happen, and keeps their figures for --json.
class Story {
 public:
  explicit Story(Session& session) : session_(session) {}

  void tell(const std::string& text) { session_.out.line(text); }
  // Runs a step and tells how long it took. `key` names the figure.
  template <typename Step>
  void step(const std::string& key, const std::string& text, Step&& run) {
    auto started = Clock::now();
    run();
    figure(key + "_ms", text, to_ms(Clock::now() - started), "ms");
  }
  void figure(const std::string& key, const std::string& text, double value, const char* unit) {
    figures_.set(key, value);
    int decimals = value >= 10 ? 1 : value >= 0.1 ? 2 : 3;
    session_.out.line(fmt::format("  {:<62}{:>9.{}f} {}", text, value, decimals, unit));
  }
  const Value& figures() const { return figures_; }

 private:
  Session& session_;
  Value figures_;
};

struct Stage {
  TemporaryFolder folder;
  demo::Computer office{folder.path(), "office"};
  demo::Computer laptop{folder.path(), "laptop"};
  demo::Digest file_digest{};

  Stage() {
    Bytes content(file_size);
    randombytes_buf(content.data(), content.size());
    file_digest = demo::digest_of(content);
    std::filesystem::create_directory(folder.path() + "/shared");
    write_file_atomically(folder.path() + "/shared/clients.zip", content, 0600, Existing::replace);
  }
};

void wait_connected(demo::Computer& computer, const char* peer) {
  computer.ask("wait", Value::map({{"for", "connected"}, {"office", peer}}));
}

std::string address_of_files(demo::Computer& laptop) {
  auto deadline = Clock::now() + 5s;
  while (Clock::now() < deadline) {
    Value services = laptop.ask("services");
    for (const Value& service : services.items()) {
      if (service.text("name") == "files" && !service.text("address").empty()) return service.text("address");
    }
  }
  throw CommandFailed(ErrorCode::not_found, "The laptop was not offered the folder.", "");
}

void pair_laptop(Stage& stage) {
  stage.office.ask("expose", Value::map({{"name", "files"}, {"target", "folder:" + stage.folder.path() + "/shared"}}));
  Value invitation = stage.office.ask(
      "pair",
      Value::map({{"name", "laptop"}, {"allow", Value::array({"files"})}, {"expires_ms", 60000}, {"wait", false}}));
  stage.laptop.ask("join", Value::map({{"link", invitation.text("link")}, {"name", "laptop"}}));
}

void download(Story& story, Stage& stage) {
  std::string address = address_of_files(stage.laptop);
  demo::Download fetched = demo::fetch(address, "/clients.zip");
  if (fetched.digest != stage.file_digest)
    throw CommandFailed(ErrorCode::internal, "The file arrived altered.", "Please report it.");
  story.figure("first_byte_ms", "The laptop opens a file of the office: first byte after", to_ms(fetched.first_byte),
               "ms");
  double megabits = static_cast<double>(fetched.bytes) * 8 / 1e6 / (to_ms(fetched.whole) / 1000);
  story.figure("download_mbit_s", "64 MiB, compared byte for byte", megabits, "Mbit/s");
}

void survive_power_cut(Story& story, Stage& stage) {
  stage.office.kill();
  stage.office.start();
  story.step("reconnect", "Power cut at the office: after its start, reconnected in", [&] {
    wait_connected(stage.office, "laptop");
    wait_connected(stage.laptop, "office");
  });
}

void lose_the_laptop(Story& story, Stage& stage) {
  story.step("revoke", "The laptop is lost and revoked: durable, and cut off, in", [&] {
    stage.office.ask("revoke", Value::map({{"device", "laptop"}, {"reason", "lost"}}));
  });
  Value devices = stage.office.ask("devices");
  bool revoked = devices.items().size() == 1 && devices.items()[0].text("state") == "revoked";
  if (!revoked) throw CommandFailed(ErrorCode::internal, "The laptop is still listed as allowed.", "Please report it.");
}

void play(Story& story) {
  Stage stage;
  story.tell("An office and a laptop, both on this machine, each with its own drawbridged.");
  story.step("start", "Both start", [&] {
    stage.office.start();
    stage.laptop.start();
  });
  story.step("pair", "The office shows a code, the laptop joins: paired, connected", [&] { pair_laptop(stage); });
  Value echo = stage.laptop.ask("ping", Value::map({{"office", "office"}}));
  story.figure("rtt_ms", "A sealed question and its answer", echo.real("rtt_ms").value_or(0), "ms");
  download(story, stage);
  survive_power_cut(story, stage);
  lose_the_laptop(story, stage);
  stage.laptop.stop();
  stage.office.stop();
}

ExitCode demonstrate(Session& session) {
  auto started = Clock::now();
  Story story(session);
  play(story);
  double seconds = to_ms(Clock::now() - started) / 1000;
  Value figures = story.figures();
  if (!session.out.document(figures.set("total_s", seconds)))
    session.out.line(fmt::format("That was the whole story, in {:.1f} s. To begin: drawbridge init", seconds));
  return ExitCode::done;
}

}  // namespace

void add_demo_command(CommandTable& table) {
  table.add("demo", "Show the whole story on this machine, in under ten seconds", demonstrate);
}

}  // namespace drawbridge::cli
