#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace berth::cli {

// What the shell may offer behind a flag or as an argument.
enum class Completes { Nothing, Files, Environments, Services, TypesThenNames, Namespaces, Words };

struct Flag {
  std::string long_name;   // "output"
  char short_name = '\0';  // 'o'
  std::string value_name;  // "" = a switch: --x, --x=false
  std::string help;
  std::vector<std::string> choices;  // empty = anything
  bool repeatable = false;
  Completes completes = Completes::Nothing;
  std::string variable;  // "BERTH_GET_OUTPUT"
  std::function<Result<void>(const std::string&)> set;
};

struct Argument {
  std::string name;  // "ENV", shown in the usage
  std::string help;
  std::size_t least = 0;
  std::size_t most = 0;  // 0 = any number
  Completes completes = Completes::Nothing;
  std::vector<std::string>* target = nullptr;
  std::vector<std::string> choices{};  // what is offered when it completes Words
};

// The flags and arguments of one command, each bound to a variable of that command. Every flag has a variable of the
// environment: the prefix, then its long name in capitals. A plain list, so that help and completion can read it too.
class Flags {
 public:
  explicit Flags(std::string variable_prefix) : prefix_(std::move(variable_prefix)) {}

  // `names` is "--output,-o" or "--output". Targets outlive this object; their value at parse time is the default.
  Flag& text(std::string_view names, std::string value_name, std::string help, std::string* target);
  Flag& list(std::string_view names, std::string value_name, std::string help, std::vector<std::string>* target);
  Flag& choice(std::string_view names, std::vector<std::string> choices, std::string help, std::string* target);
  Flag& toggle(std::string_view names, std::string help, bool* target);
  Flag& duration(std::string_view names, std::string help, base::Duration* target);
  Flag& duration(std::string_view names, std::string help, std::optional<base::Duration>* target);
  Flag& number(std::string_view names, std::string value_name, std::string help, std::optional<int>* target);
  void argument(Argument argument) { arguments_.push_back(std::move(argument)); }
  // What follows "--"; without it "--" only ends the flags.
  void tail(std::string name, std::string help, std::vector<std::string>* target);

  const std::vector<Flag>& flags() const { return flags_; }
  const std::vector<Argument>& arguments() const { return arguments_; }
  const std::string& tail_name() const { return tail_name_; }
  const std::string& tail_help() const { return tail_help_; }
  std::vector<std::string>* tail_target() const { return tail_target_; }
  // nullptr when there is none. `word` is "--output" or "-o".
  const Flag* find(std::string_view word) const;
  void add(const Flags& others);  // its flags become ours, with their variables

 private:
  Flag& declare(std::string_view names, std::string value_name, std::string help,
                std::function<Result<void>(const std::string&)> set);
  std::string prefix_;
  std::vector<Flag> flags_;
  std::vector<Argument> arguments_;
  std::string tail_name_;
  std::string tail_help_;
  std::vector<std::string>* tail_target_ = nullptr;
};

struct ParsedFlags {
  bool help = false;                     // --help or -h was there; nothing else was checked
  std::vector<std::string> given;        // long names that were set, by flag or by variable
  std::vector<std::string> by_variable;  // those of them that a variable set
};

// Sets every bound variable from `arguments` (without the command's name), then from the environment for flags that
// were not given. Errors: BadRequest, naming the flag and what would be right.
Result<ParsedFlags> parse_flags(const Flags& flags, std::vector<std::string> arguments,
                                const std::function<std::optional<std::string>(const std::string&)>& getenv);

}  // namespace berth::cli
