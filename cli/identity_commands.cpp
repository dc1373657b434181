// init: a new identity with its 24 words, or the one that given words bring back. Needs no daemon.
#include <fmt/format.h>
#include <unistd.h>

#include <istream>

#include "cli/command_table.hpp"
#include "cli/identity_files.hpp"
#include "cli/passphrase.hpp"
#include "cli/word_columns.hpp"
#include "protocol/admin/state_directory.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

constexpr size_t longest_phrase = 8192;  // 24 words with all the numbering and spaces that anybody may add
constexpr size_t longest_name = 64;

struct Arguments {
  std::string name, language = "en";
  bool restore = false, passphrase = false;
};

std::string host_name() {
  char name[longest_name + 1] = {};
  gethostname(name, longest_name);
  return *name ? name : "drawbridge";
}

std::string checked_name(const std::string& wanted) {
  std::string name = wanted.empty() ? host_name() : wanted;
  if (name.size() <= longest_name && is_plain_text(name)) return name;
  throw CommandFailed(ErrorCode::invalid_argument, "The name is not usable.",
                      "Give one of at most 64 bytes with --name, on one line, without control characters.");
}

void refuse_existing(const std::string& state) {
  if (access((state + "/" + admin::key_file_name).c_str(), F_OK) != 0) return;
  throw CommandFailed(ErrorCode::already_exists, fmt::format("There is an identity in {} already.", state),
                      "Use it as it is, or choose another folder with --state DIR.");
}

// Reads words until they make a whole phrase, or the input or a paragraph ends. The text is wiped.
SeedPhrase read_phrase(Session& session) {
  if (session.out.terminal().interactive) session.out.line("Type the 24 words, in order; end with an empty line.");
  std::string text;
  text.reserve(longest_phrase);  // grown once, so that no copy of the words stays behind
  Result<SeedPhrase> phrase =
      Error{ErrorCode::malformed, "No words were given.", "Give the 24 words on standard input."};
  for (std::string line; !phrase && std::getline(session.in, line) && text.size() + line.size() < longest_phrase;) {
    if (line.empty() && !text.empty()) break;
    text += line + "\n";
    wipe({reinterpret_cast<uint8_t*>(line.data()), line.size()});
    phrase = parse_seed_phrase(text);
  }
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return unwrap(std::move(phrase));
}

SeedPhrase new_phrase(const std::string& language_code) {
  auto language = language_from_code(language_code);
  if (!language) throw usage_error("The language is one of en, fr, es.");
  return fresh_phrase(*language);
}

void show_words(Session& session, const SeedPhrase& phrase) {
  session.out.line();
  session.out.line("Write these 24 words on paper, with their numbers, and keep it where nobody else looks.");
  session.out.line("They bring this computer's identity back after a loss. They are shown only now.");
  session.out.line();
  for (const std::string& line : word_columns(phrase.words(), session.out.terminal().columns))
    session.out.line("  " + line);
  session.out.line();
  session.out.line("No photograph, no file, no e-mail: whoever has the words can pretend to be this computer.");
}

Value document(const DeviceId& id, const std::string& name, const std::string& state, const SeedPhrase& phrase,
               bool restored) {
  Value words;
  if (!restored) {
    for (std::string_view word : phrase.words()) words.push(composed(word));
  }
  return Value::map({{"id", to_text(id)}, {"name", name}, {"words", words}, {"state", state}});
}

ExitCode init(Session& session, const Arguments& arguments) {
  keep_memory_private();
  std::string name = checked_name(arguments.name);
  refuse_existing(session.state);
  SeedPhrase phrase = arguments.restore ? read_phrase(session) : new_phrase(arguments.language);
  std::optional<SecretBytes> passphrase;
  if (arguments.passphrase) passphrase = ask_new_passphrase(session);
  DeviceId id = store_identity(session.state, phrase, name, passphrase);
  if (session.out.document(document(id, name, session.state, phrase, arguments.restore))) return ExitCode::done;
  session.out.line(fmt::format("This computer is “{}” ({}).", name, to_text(id)));
  if (!arguments.restore) show_words(session, phrase);
  session.out.line();
  session.out.line(fmt::format("Next: drawbridged --state '{}'", session.state));
  if (arguments.restore) session.out.line("Then bring its devices back: drawbridge restore FILE");
  return ExitCode::done;
}

}  // namespace

void add_identity_commands(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = table.add("init", "Create this computer's identity and show its 24 words once",
                            [arguments](Session& session) { return init(session, *arguments); });
  command->add_option("--name", arguments->name, "Shown to others (default: the computer's name)")->type_name("NAME");
  command->add_option("--language", arguments->language, "Of the words")
      ->check(CLI::IsMember({"en", "fr", "es"}))
      ->capture_default_str();
  command->add_flag("--passphrase", arguments->passphrase,
                    "Lock the key with one: asked at the terminal, or a line of standard input (after the words)");
  command->add_flag("--restore", arguments->restore, "Bring an identity back: the words are read from standard input");
}

}  // namespace drawbridge::cli
