#include "cli/help.h"

#include <algorithm>
#include <numeric>

#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumn = 34;

std::string wrapped(std::string_view text, std::size_t indent, std::size_t first_column) {
  std::string result;
  std::size_t column = first_column;
  for (const auto& word : split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > kWidth) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += " ";
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string entry(const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (line.size() + 2 > kColumn) {
    line += "\n" + std::string(kColumn, ' ');
  } else {
    line.resize(kColumn, ' ');
  }
  return line + wrapped(right, kColumn, kColumn) + "\n";
}

std::string flag_entries(const Flags& flags) {
  std::string result;
  for (const auto& flag : flags.flags()) {
    std::string left = flag.short_name != '\0' ? std::string("-") + flag.short_name + ", " : "    ";
    left += "--" + flag.long_name + (flag.value_name.empty() ? "" : " " + flag.value_name);
    result += entry(left, flag.help + " [$" + flag.variable + "]");
  }
  return result;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string overview(const std::vector<CommandPtr>& commands, const Flags& global) {
  std::string result =
      "berthctl gives test runs their own environments on a Docker host, through berthd.\n\n"
      "Usage: berthctl [flags] COMMAND [ARGUMENT...]\n\nCommands:\n";
  for (const auto& command : commands) {
    const auto help = command->help();
    if (!help.hidden) result += entry(help.name, help.summary);
  }
  result += "\nFlags of every command, with their variables:\n" + flag_entries(global);
  return result + "\nberthctl COMMAND --help shows the flags and examples of a command.\n";
}

std::string command_help(const CommandHelp& help, const Flags& flags, const Flags& global) {
  std::string result =
      help.summary + ".\n\nUsage: berthctl " + help.name + (help.usage.empty() ? "" : " " + help.usage) + "\n";
  if (!help.details.empty()) {
    for (const auto& paragraph : split(help.details, '\n')) result += "\n" + wrapped(paragraph, 0, 0);
    result += "\n";
  }
  if (!help.examples.empty()) result += "\nExamples:\n" + indented(help.examples, "  ");
  const bool has_arguments = !flags.arguments().empty() || flags.tail_target() != nullptr;
  if (has_arguments) result += "\nArguments:\n";
  for (const auto& argument : flags.arguments()) result += entry(argument.name, argument.help);
  if (flags.tail_target() != nullptr) result += entry(flags.tail_name(), flags.tail_help());
  if (!flags.flags().empty()) result += "\nFlags, with their variables:\n" + flag_entries(flags);
  return result + "\nFlags of every command:\n" + flag_entries(global);
}

std::string closest(const std::string& typed, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates) {
    const auto d = distance(typed, candidate);
    if (d < best_distance && d < candidate.size()) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace berth::cli
