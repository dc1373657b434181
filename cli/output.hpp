// What a command prints: for people or, with --json, for programs. Standard output holds results only; progress and
// errors for people go to standard error.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "protocol/admin/message.hpp"

namespace drawbridge::cli {

enum class Tone { plain, strong, faint, accent };

class Output {
 public:
  // The streams must outlive the output.
  Output(std::ostream& out, std::ostream& err, bool json, Terminal terminal)
      : out_(out), err_(err), json_(json), terminal_(terminal) {}

  bool json() const { return json_; }
  const Terminal& terminal() const { return terminal_; }

  // With --json: prints the document (one line) and returns true. Otherwise prints nothing and returns false.
  bool document(const admin::Value& value);
  // A line for people; nothing with --json.
  void line(std::string_view text = "");
  // Text exactly as it is, whatever the mode.
  void raw(std::string_view text);
  // A line for people on standard error, whatever the mode: warnings, and what is not the result.
  void note(std::string_view text);
  // {"error":…} on standard output with --json, else a sentence and a remedy on standard error.
  void failure(const admin::Failure& failure);

  // The text in that tone where colour is allowed, else unchanged. State is always in the words too.
  std::string toned(std::string_view text, Tone tone) const;

 private:
  std::ostream& out_;
  std::ostream& err_;
  bool json_;
  Terminal terminal_;
};

}  // namespace drawbridge::cli
