// pair: invite a device, show the code, and say who came.
#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "cli/atomic_file.hpp"
#include "cli/command_table.hpp"
#include "cli/interrupt.hpp"
#include "cli/qr/symbol.hpp"
#include "cli/status_text.hpp"
#include "cli/time_text.hpp"
#include "cli/wrapped_text.hpp"
#include "keys/word_list.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string name, allow, expires = "10m", qr, output;
  bool link_only = false, code = false;
};

// The words are to be said by people: in the language of this terminal.
std::string code_language() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    std::string language = std::string(value).substr(0, 2);
    return language_from_code(language) ? language : "en";
  }
  return "en";
}

Value grants(const std::string& listed) {
  if (listed.empty()) return {};
  Value::Array names;
  for (const std::string& name : CLI::detail::split(listed, ',')) {
    if (!name.empty()) names.emplace_back(CLI::detail::trim_copy(name));
  }
  return names;
}

Value request(const Arguments& arguments, bool wait) {
  int64_t expires_ms = unwrap_argument(parse_duration(arguments.expires)).count();
  return Value::map({{"name", arguments.name.empty() ? Value() : Value(arguments.name)},
                     {"allow", grants(arguments.allow)},
                     {"expires_ms", expires_ms},
                     {"code", arguments.code ? Value(code_language()) : Value()},
                     {"wait", wait}});
}

void check(const Arguments& arguments) {
  bool picture = arguments.qr == "png" || arguments.qr == "svg";
  if (picture && arguments.output.empty()) throw usage_error(fmt::format("--qr {} needs --output FILE.", arguments.qr));
  if (!picture && !arguments.output.empty()) throw usage_error("--output needs --qr png or --qr svg.");
  if (arguments.code && (arguments.link_only || !arguments.qr.empty())) throw usage_error("--code is shown instead of a link or a picture.");
}

void write_picture(const Arguments& arguments, const std::string& link) {
  if (arguments.output.empty()) return;
  qr::Symbol symbol = qr::encode(link);
  Bytes content = arguments.qr == "png" ? qr::draw_png(symbol) : to_bytes(as_bytes(qr::draw_svg(symbol)));
  write_file_atomically(arguments.output, content, 0600, Existing::replace);  // the code lets one device in: owner only
}

qr::Ink ink_for(const Terminal& terminal) {
  if (terminal.colour) return qr::Ink::colours;
  return terminal.dark ? qr::Ink::dark_screen : qr::Ink::light_screen;
}

void show_code(Session& session, const Arguments& arguments, const std::string& link) {
  const Terminal& terminal = session.out.terminal();
  if (!arguments.output.empty())
    session.out.line(fmt::format("The code is in {}. It lets one device in: keep it to yourself.", arguments.output));
  bool wanted = arguments.output.empty() && (terminal.interactive || arguments.qr == "terminal");
  if (!wanted) return;
  qr::Symbol symbol = qr::encode(link);
  if (terminal.interactive && terminal.columns < qr::terminal_columns(symbol)) {
    session.out.note(
        fmt::format("The window is too narrow for the code: make it {} columns wide, or use --qr png --output FILE.",
                    qr::terminal_columns(symbol)));
    return;
  }
  session.out.raw(qr::draw_in_terminal(symbol, ink_for(terminal)));
}

void show_short_code(Session& session, const std::string& code) {
  session.out.line("On the other computer:  drawbridge join " + session.out.toned(code, Tone::strong));
  session.out.line("Both computers must know the same relay. Three wrong tries end the code.");
  session.out.line("A code is safe now, but not against a recording and a quantum computer of later years; a link is.");
}

// 64 digits are compared more easily in groups, as the phone shows them.
void show_page_release(Session& session, const std::string& release) {
  if (release.size() != 64) return;
  session.out.line("On the phone, “About this page” shows the page's code. As this computer knows it:");
  for (size_t half = 0; half < 64; half += 32) {
    session.out.line(fmt::format("  {} {} {} {}", release.substr(half, 8), release.substr(half + 8, 8), release.substr(half + 16, 8), release.substr(half + 24, 8)));
  }
}

// Relays that were only named now have not answered yet: that says nothing.
void show_reach(Session& session, const Value& created) {
  const Value* reach = created.find("reach");
  if (!reach || !reach->is_map() || reach->text("code") == "unknown") return;
  write_wrapped(session.out, reach->text("sentence"));
  if (!reach->text("remedy").empty()) write_wrapped(session.out, reach->text("remedy"));
}

void show_invitation(Session& session, const Arguments& arguments, const Value& created) {
  std::string link = created.text("link");
  if (arguments.code) {
    show_short_code(session, created.text("code"));
  } else {
    show_code(session, arguments, link);
    session.out.line();
    session.out.line("On the other computer:  drawbridge join '" + link + "'");
    show_page_release(session, created.text("page_release"));
  }
  session.out.line(fmt::format("The code works once and ends {}. Ctrl-C withdraws it.",
                               relative_time(created.text("expires_at"), now_unix_ms())));
  show_reach(session, created);
  if (arguments.allow.empty())
    session.out.line("The device will reach nothing until you allow it: drawbridge allow DEVICE SERVICE");
}

ExitCode at_once(Session& session, const Arguments& arguments) {
  Value created = session.ask("pair", request(arguments, false));
  write_picture(arguments, created.text("link"));
  if (!arguments.output.empty()) created.set("file", arguments.output);
  if (arguments.link_only && !session.out.json()) session.out.raw(created.text("link") + "\n");
  session.out.document(created);
  return ExitCode::done;
}

// False: the person said no, or there is nobody to ask.
bool answered_yes(Session& session) {
  std::string answer;
  session.out.raw("Is this your device? If not, it can be revoked now. [Y/revoke] ");
  if (!std::getline(session.in, answer)) return true;
  return answer.empty() || answer[0] == 'y' || answer[0] == 'Y';
}

ExitCode welcome(Session& session, const Value& device) {
  session.out.line(
      fmt::format("{} joined ({}).", session.out.toned(device.text("name"), Tone::strong), device.text("id")));
  if (session.out.terminal().interactive && session.out.terminal().progress && !answered_yes(session)) {
    Value result =
        session.ask("revoke", Value::map({{"device", device.text("id")}, {"reason", "not recognised at pairing"}}));
    session.out.line(fmt::format("{} is revoked.", result.text("name")));
    return ExitCode::done;
  }
  session.out.line(fmt::format("Should it get lost: drawbridge revoke '{}'", device.text("name")));
  return ExitCode::done;
}

ExitCode withdraw(Session& session, const Value& created) {
  session.ask("pair.cancel", Value::map({{"id", created.uint("id").value_or(0)}}));
  session.out.line();
  session.out.line("The code is withdrawn.");
  return ExitCode::failed;
}

// Nobody else knows the link, so nothing is left to wait for.
[[noreturn]] void code_is_dead(Session& session, const Value& created) {
  session.ask("pair.cancel", Value::map({{"id", created.uint("id").value_or(0)}}));
  throw CommandFailed(ErrorCode::authentication, "Wrong words were typed three times, so the code is dead. Somebody may be guessing.",
                      "Run drawbridge pair --code again for another, or drawbridge pair for a link.");
}

void say_wrong_words(Session& session, int tries) {
  session.out.note(fmt::format("Somebody typed wrong words: {} left.", tries == 1 ? "one try is" : std::to_string(tries) + " tries are"));
}

[[noreturn]] void ended_unused(const std::string& event) {
  if (event == "cancelled")
    throw CommandFailed(ErrorCode::closed, "The code was withdrawn.", "Run drawbridge pair again for a new one.");
  throw CommandFailed(ErrorCode::expired, "The code expired before a device used it.",
                      "Run drawbridge pair again for a new one.");
}

ExitCode waiting(Session& session, const Arguments& arguments) {
  std::optional<Interrupt> interrupt(std::in_place);
  AdminClient client(session.state);
  client.send("pair", request(arguments, true));
  Value created = client.receive().value();
  write_picture(arguments, created.text("link"));
  show_invitation(session, arguments, created);
  std::string status = "Waiting for a device";
  while (client.more()) {
    auto event = session.await(client, status, {}, interrupt->descriptor());
    if (!event) return withdraw(session, created);
    const Value* device = event->find("device");
    if (event->text("event") == "wrong_words") {
      auto tries = static_cast<int>(event->uint("tries_left").value_or(0));
      if (tries == 0) code_is_dead(session, created);
      say_wrong_words(session, tries);
    }
    if (event->text("event") == "claimed") status = "A device is joining";
    if (event->text("event") == "paired" && device) {
      interrupt.reset();  // there is nothing left to withdraw: Ctrl-C ends the question
      return welcome(session, *device);
    }
    if (event->text("event") == "expired" || event->text("event") == "cancelled") ended_unused(event->text("event"));
  }
  throw CommandFailed(ErrorCode::closed, "Drawbridge stopped watching the code.",
                      "See drawbridge devices for who is paired.");
}

ExitCode pair(Session& session, const Arguments& arguments) {
  check(arguments);
  return session.out.json() || arguments.link_only ? at_once(session, arguments) : waiting(session, arguments);
}

}  // namespace

void add_pair_command(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = table.add("pair", "Invite one device: shows a code to scan, and who joined",
                            [arguments](Session& session) { return pair(session, *arguments); });
  command->add_option("--name", arguments->name, "Name for the device")->type_name("NAME");
  command->add_option("--allow", arguments->allow, "Services it may reach, with commas; * for all")->type_name("S,…");
  command->add_option("--expires", arguments->expires, "How long the code works")->capture_default_str();
  command->add_option("--qr", arguments->qr, "How to show it (default: terminal)")
      ->check(CLI::IsMember({"terminal", "png", "svg"}));
  command->add_option("--output", arguments->output, "Where to write the picture")->type_name("FILE");
  command->add_flag("--code", arguments->code, "Show a short code to say aloud, such as 7-forest-lamp; needs a relay");
  command->add_flag("--link-only", arguments->link_only, "Print the link and nothing else, and return at once");
}

}  // namespace drawbridge::cli
