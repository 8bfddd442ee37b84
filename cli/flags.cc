#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "cli/duration.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

Error bad_value(const std::string& value, const std::string& expected) {
  return Error{Reason::BadRequest, "invalid value \"" + printable(value) + "\": " + expected, {}};
}

Result<bool> parse_bool(const std::string& value) {
  const auto word = lower(value);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return bad_value(value, "true or false is expected");
}

constexpr const char* kDurationHelp = "a duration is expected, such as 90s, 5m or 1m30s";

std::string flag_words(const Flag& flag) {
  std::string words = "--" + flag.long_name;
  if (flag.short_name != '\0') words += std::string(",-") + flag.short_name;
  return words;
}

Result<void> set_checked(const Flag& flag, const std::string& value, const std::string& shown_name) {
  auto result = flag.set(value);
  if (result.has_value()) return result;
  return Error{result.error().reason, shown_name + ": " + result.error().message, {}};
}

struct Bound {
  const Flag* flag;
  CLI::Option* option;
};

Error usage_error(const CLI::ParseError& error) { return base::error(Reason::BadRequest, error.what()); }

Result<void> take_arguments(const Flags& flags, std::vector<std::string> words) {
  const auto& arguments = flags.arguments();
  std::size_t next = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    argument.target->clear();
    while (next < words.size() && (argument.most == 0 || argument.target->size() < argument.most)) {
      argument.target->push_back(std::move(words[next++]));
    }
    if (argument.target->size() < argument.least) {
      return base::error(Reason::BadRequest, argument.name + " is missing: " + argument.help);
    }
  }
  if (next == words.size()) return {};
  return base::error(Reason::BadRequest, "unexpected argument \"" + printable(words[next]) + "\"");
}

}  // namespace

Flag& Flags::declare(std::string_view names, std::string value_name, std::string help,
                     std::function<Result<void>(const std::string&)> set) {
  Flag flag;
  const auto comma = names.find(',');
  flag.long_name = std::string(names.substr(2, comma == std::string_view::npos ? comma : comma - 2));
  if (comma != std::string_view::npos) flag.short_name = names.back();
  flag.value_name = std::move(value_name);
  flag.help = std::move(help);
  flag.set = std::move(set);
  flag.variable = prefix_;
  for (const char c : flag.long_name) {
    flag.variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  flags_.push_back(std::move(flag));
  return flags_.back();
}

Flag& Flags::text(std::string_view names, std::string value_name, std::string help, std::string* target) {
  return declare(names, std::move(value_name), std::move(help), [target](const std::string& value) -> Result<void> {
    *target = value;
    return {};
  });
}

Flag& Flags::list(std::string_view names, std::string value_name, std::string help, std::vector<std::string>* target) {
  auto& flag =
      declare(names, std::move(value_name), std::move(help), [target](const std::string& value) -> Result<void> {
        target->push_back(value);
        return {};
      });
  flag.repeatable = true;
  return flag;
}

Flag& Flags::choice(std::string_view names, std::vector<std::string> choices, std::string help, std::string* target) {
  auto set = [target, choices](const std::string& value) -> Result<void> {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      return bad_value(value, "one of " + join(choices, ", ") + " is expected");
    }
    *target = value;
    return {};
  };
  auto& flag = declare(names, join(choices, "|"), std::move(help), std::move(set));
  flag.choices = std::move(choices);
  return flag;
}

Flag& Flags::toggle(std::string_view names, std::string help, bool* target) {
  return declare(names, "", std::move(help), [target](const std::string& value) -> Result<void> {
    const auto parsed = parse_bool(value);
    if (!parsed.has_value()) return parsed.error();
    *target = parsed.value();
    return {};
  });
}

Flag& Flags::duration(std::string_view names, std::string help, base::Duration* target) {
  return declare(names, "DURATION", std::move(help), [target](const std::string& value) -> Result<void> {
    const auto parsed = parse_duration(value);
    if (!parsed) return bad_value(value, kDurationHelp);
    *target = *parsed;
    return {};
  });
}

Flag& Flags::duration(std::string_view names, std::string help, std::optional<base::Duration>* target) {
  return declare(names, "DURATION", std::move(help), [target](const std::string& value) -> Result<void> {
    const auto parsed = parse_duration(value);
    if (!parsed) return bad_value(value, kDurationHelp);
    *target = parsed;
    return {};
  });
}

Flag& Flags::number(std::string_view names, std::string value_name, std::string help, std::optional<int>* target) {
  auto set = [target](const std::string& value) -> Result<void> {
    int parsed = 0;
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (ec != std::errc() || end != value.data() + value.size() || parsed < 0) {
      return bad_value(value, "a whole number, 0 or more, is expected");
    }
    *target = parsed;
    return {};
  };
  return declare(names, std::move(value_name), std::move(help), std::move(set));
}

void Flags::tail(std::string name, std::string help, std::vector<std::string>* target) {
  tail_name_ = std::move(name);
  tail_help_ = std::move(help);
  tail_target_ = target;
}

const Flag* Flags::find(std::string_view word) const {
  for (const auto& flag : flags_) {
    if (word == "--" + flag.long_name) return &flag;
    if (flag.short_name != '\0' && word.size() == 2 && word[0] == '-' && word[1] == flag.short_name) return &flag;
  }
  return nullptr;
}

void Flags::add(const Flags& others) { flags_.insert(flags_.end(), others.flags_.begin(), others.flags_.end()); }

Result<ParsedFlags> parse_flags(const Flags& flags, std::vector<std::string> arguments,
                                const std::function<std::optional<std::string>(const std::string&)>& getenv) {
  if (flags.tail_target() != nullptr) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    flags.tail_target()->clear();
    if (end != arguments.end()) {
      flags.tail_target()->assign(end + 1, arguments.end());
      arguments.erase(end, arguments.end());
    }
  }
  CLI::App app;
  app.set_help_flag();
  bool help = false;
  app.add_flag("--help,-h", help);
  std::vector<Bound> bound;
  for (const auto& flag : flags.flags()) {
    CLI::Option* option = nullptr;
    if (flag.value_name.empty()) {
      option = app.add_flag(flag_words(flag))->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    } else {
      option = app.add_option(flag_words(flag), [](const CLI::results_t&) { return true; });
      option->type_size(1)->expected(1, -1)->allow_extra_args(false)->multi_option_policy(
          CLI::MultiOptionPolicy::TakeAll);
    }
    bound.push_back({&flag, option});
  }
  std::vector<std::string> words;
  app.add_option("arguments", words);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (!help) return usage_error(error);
  }
  ParsedFlags parsed;
  parsed.help = help;
  if (help) return parsed;
  for (const auto& [flag, option] : bound) {
    const auto& values = option->results();
    if (!flag->repeatable && !flag->value_name.empty() && values.size() > 1) {
      return base::error(Reason::BadRequest, "--" + flag->long_name + " is given " + std::to_string(values.size()) +
                                                 " times: only one value is possible");
    }
    for (const auto& value : values) {
      auto set = set_checked(*flag, value, "--" + flag->long_name);
      if (!set.has_value()) return set.error();
    }
    if (!values.empty()) {
      parsed.given.push_back(flag->long_name);
      continue;
    }
    const auto value = getenv(flag->variable);
    if (!value) continue;
    auto set = set_checked(*flag, *value, flag->variable);
    if (!set.has_value()) return set.error();
    parsed.given.push_back(flag->long_name);
    parsed.by_variable.push_back(flag->long_name);
  }
  auto taken = take_arguments(flags, std::move(words));
  if (!taken.has_value()) return taken.error();
  return parsed;
}

}  // namespace berth::cli
