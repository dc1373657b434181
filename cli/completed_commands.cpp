// The table of commands, read out of CLI11's own.
#include <algorithm>

#include "cli/completion.hpp"

namespace drawbridge::cli {
namespace {

// "TEXT:{png,svg}" names its values; CLI11 keeps them nowhere else.
std::vector<std::string> closed_list(const std::string& type) {
  std::vector<std::string> values;
  size_t open = type.find('{'), close = type.find('}');
  if (open == type.npos || close == type.npos) return values;
  std::string list = type.substr(open + 1, close - open - 1);
  for (size_t start = 0; start <= list.size();) {
    size_t comma = std::min(list.find(',', start), list.size());
    values.push_back(list.substr(start, comma - start));
    start = comma + 1;
  }
  return values;
}

bool names_file(const std::string& type) {
  return type.starts_with("FILE") || type.starts_with("DIR");
}

CompletedOption described(const CLI::Option& option) {
  CompletedOption out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  out.description = option.get_description();
  out.takes_value = option.get_items_expected_max() > 0;
  out.takes_file = out.takes_value && names_file(option.get_type_name());
  out.values = closed_list(option.get_type_name());
  return out;
}

const auto everything = [](const CLI::App*) { return true; };

// The options of a command, those in its groups too: CLI11 keeps a group as a command without a name.
void collect_options(const CLI::App& app, CompletedCommand& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) out.options.push_back(described(*option));
    else if (option->get_name() == "FILE" || names_file(option->get_type_name())) out.takes_file = true;
  }
  for (const CLI::App* group : app.get_subcommands(everything)) {
    if (group->get_name().empty()) collect_options(*group, out);
  }
}

void collect(const CLI::App& app, const std::string& path, const std::vector<CompletedOption>& global,
             std::vector<CompletedCommand>& out) {
  CompletedCommand command;
  command.path = path;
  collect_options(app, command);
  for (const CompletedOption& option : global) {
    bool own = std::any_of(command.options.begin(), command.options.end(),
                           [&](const CompletedOption& held) { return held.names == option.names; });
    if (!own) command.options.push_back(option);
  }
  std::vector<const CLI::App*> inner;
  for (const CLI::App* sub : app.get_subcommands(everything)) {
    if (sub->get_name().empty()) continue;
    command.inner.emplace_back(sub->get_name(), sub->get_description());
    inner.push_back(sub);
  }
  out.push_back(std::move(command));
  for (const CLI::App* sub : inner) collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), global, out);
}

}  // namespace

std::vector<CompletedCommand> completed_commands(const CLI::App& app) {
  CompletedCommand whole;
  collect_options(app, whole);
  std::erase_if(whole.options, [](const CompletedOption& option) { return option.names.back() == "--version"; });
  std::vector<CompletedCommand> out;
  collect(app, "", whole.options, out);
  return out;
}

}  // namespace drawbridge::cli
