#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace drawbridge::cli {
namespace {

using Commands = std::vector<CompletedCommand>;

// In single quotes, for any of the three shells' scripts: a quote in it becomes a typographic one.
std::string quoted(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != text.npos;) text.replace(at, 1, "’");
  return "'" + text + "'";
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

// 'init'|'devices'|'devices forget': every path but the program itself.
std::string all_paths(const Commands& commands, const char* between) {
  std::vector<std::string> paths;
  for (const CompletedCommand& command : commands) {
    if (!command.path.empty()) paths.push_back(quoted(command.path));
  }
  return joined(paths, between);
}

// 'pair --qr'|'pair -q': what stands before the value of that option.
std::string before_value(const CompletedCommand& command, const CompletedOption& option) {
  std::vector<std::string> patterns;
  for (const std::string& name : option.names) patterns.push_back(quoted(command.path + " " + name));
  return joined(patterns, "|");
}

std::string words_after(const CompletedCommand& command) {
  std::vector<std::string> words;
  for (const auto& [name, description] : command.inner) words.push_back(name);
  for (const CompletedOption& option : command.options) words.insert(words.end(), option.names.begin(), option.names.end());
  return joined(words);
}

// One case for each option with a value: `file` and `list` say how the shell offers those.
template <typename List>
std::string value_cases(const Commands& commands, const char* file, List list) {
  std::string out;
  for (const CompletedCommand& command : commands) {
    for (const CompletedOption& option : command.options) {
      if (!option.takes_value) continue;
      std::string offer = option.takes_file ? file : option.values.empty() ? "" : list(joined(option.values)) + "; ";
      out += fmt::format("    {}) {}return ;;\n", before_value(command, option), offer);
    }
  }
  return out;
}

std::string bash_script(const Commands& commands) {
  std::string out = "# bash completion of drawbridge; written by 'drawbridge completion bash'.\n_drawbridge() {\n";
  out += "  local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" command= words= file= i\n";
  out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"${command:+$command }${COMP_WORDS[i]}\" in\n";
  out += fmt::format("      {}) command=\"${{command:+$command }}${{COMP_WORDS[i]}}\" ;;\n    esac\n  done\n",
                     all_paths(commands, "|"));
  out += "  case \"$command $before\" in\n";
  out += value_cases(commands, "COMPREPLY=($(compgen -f -- \"$current\")); ", [](const std::string& list) {
    return fmt::format("COMPREPLY=($(compgen -W {} -- \"$current\"))", quoted(list));
  });
  out += "  esac\n  case \"$command\" in\n";
  for (const CompletedCommand& command : commands)
    out += fmt::format("    {}) words={}{} ;;\n", quoted(command.path), quoted(words_after(command)),
                       command.takes_file ? " file=1" : "");
  out += "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n";
  out += "  [[ -n $file && $current != -* ]] && COMPREPLY=($(compgen -f -- \"$current\"))\n  return 0\n}\n";
  return out + "complete -o filenames -F _drawbridge drawbridge\n";
}

// "name:what it does", as _describe reads it.
std::string zsh_entry(const std::string& name, std::string description) {
  for (size_t at = 0; (at = description.find(':', at)) != description.npos; at += 2) description.insert(at, "\\");
  return quoted(name + ":" + description);
}

std::string zsh_script(const Commands& commands) {
  std::string out = "#compdef drawbridge\n# zsh completion of drawbridge; written by 'drawbridge completion zsh'.\n";
  out += "_drawbridge() {\n  local command= word file=\n  local -a entries\n";
  out += "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n    case \"${command:+$command }$word\" in\n";
  out += fmt::format("      ({}) command=\"${{command:+$command }}$word\" ;;\n    esac\n  done\n",
                     all_paths(commands, "|"));
  out += "  case \"$command ${words[CURRENT-1]}\" in\n";
  out += value_cases(commands, "_files; ", [](const std::string& list) { return "compadd " + list; });
  out += "  esac\n  case \"$command\" in\n";
  for (const CompletedCommand& command : commands) {
    out += fmt::format("    {}) entries=(", quoted(command.path));
    for (const auto& [name, description] : command.inner) out += "\n      " + zsh_entry(name, description);
    for (const CompletedOption& option : command.options) {
      for (const std::string& name : option.names) out += "\n      " + zsh_entry(name, option.description);
    }
    out += fmt::format(") {};;\n", command.takes_file ? "file=1 " : "");
  }
  out += "  esac\n  _describe drawbridge entries\n  [[ -n $file ]] && _files\n}\n";
  return out + "if [[ $funcstack[1] == _drawbridge ]]; then _drawbridge \"$@\"; else compdef _drawbridge drawbridge; fi\n";
}

std::string fish_option(const CompletedCommand& command, const CompletedOption& option) {
  std::string line = fmt::format("complete -c drawbridge -n '__drawbridge_at \"{}\"'", command.path);
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.takes_value) line += option.takes_file ? " -r -F" : " -x";
  if (!option.values.empty()) line += " -a " + quoted(joined(option.values));
  return line + " -d " + quoted(option.description) + "\n";
}

std::string fish_script(const Commands& commands) {
  std::string out = "# fish completion of drawbridge; written by 'drawbridge completion fish'.\nfunction __drawbridge_at\n";
  out += "  set -l command\n  for word in (commandline -opc)[2..-1]\n    switch (string trim -- \"$command $word\")\n";
  out += fmt::format("      case {}\n        set command (string trim -- \"$command $word\")\n    end\n  end\n",
                     all_paths(commands, " "));
  out += "  test \"$command\" = \"$argv[1]\"\nend\ncomplete -c drawbridge -f\n";
  for (const CompletedCommand& command : commands) {
    for (const auto& [name, description] : command.inner)
      out += fmt::format("complete -c drawbridge -n '__drawbridge_at \"{}\"' -a {} -d {}\n", command.path, name,
                         quoted(description));
    for (const CompletedOption& option : command.options) out += fish_option(command, option);
    if (command.takes_file) out += fmt::format("complete -c drawbridge -n '__drawbridge_at \"{}\"' -F\n", command.path);
  }
  return out;
}

}  // namespace

std::string completion_script(Shell shell, const std::vector<CompletedCommand>& commands) {
  switch (shell) {
    case Shell::bash:
      return bash_script(commands);
    case Shell::zsh:
      return zsh_script(commands);
    case Shell::fish:
      break;
  }
  return fish_script(commands);
}

}  // namespace drawbridge::cli
