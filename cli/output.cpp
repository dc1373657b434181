#include "cli/output.hpp"

#include <fmt/format.h>

#include <ostream>

#include "cli/json.hpp"

namespace drawbridge::cli {

using admin::Value;

bool Output::document(const Value& value) {
  if (json_) out_ << to_json(value) << '\n' << std::flush;
  return json_;
}

void Output::line(std::string_view text) {
  if (!json_) out_ << text << '\n' << std::flush;
}

void Output::raw(std::string_view text) {
  out_ << text << std::flush;
}

void Output::note(std::string_view text) {
  err_ << text << '\n' << std::flush;
}

void Output::failure(const admin::Failure& failure) {
  Value error = Value::map({{"code", failure.code}, {"message", failure.message}, {"remedy", failure.remedy}});
  if (document(Value::map({{"error", error}}))) return;
  err_ << failure.message << '\n';
  if (!failure.remedy.empty()) err_ << failure.remedy << '\n';
  err_ << std::flush;
}

std::string Output::toned(std::string_view text, Tone tone) const {
  if (!terminal_.colour || tone == Tone::plain) return std::string(text);
  const char* code = tone == Tone::strong ? "1" : tone == Tone::faint ? "2" : "36";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace drawbridge::cli
