#include "crd/pattern.h"

#include <regex>

namespace berth::crd {
namespace {

constexpr std::size_t kMaxLength = 1024;
constexpr int kMaxNesting = 32;

bool nested_too_deep(std::string_view expression) {
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\')
      ++i;
    else if (expression[i] == '(' && ++depth > kMaxNesting)
      return true;
    else if (expression[i] == ')')
      --depth;
  }
  return false;
}

const char* describe(std::regex_constants::error_type code) {
  namespace rc = std::regex_constants;
  if (code == rc::error_brack) return "a '[' without its ']'";
  if (code == rc::error_paren) return "a '(' without its ')'";
  if (code == rc::error_brace || code == rc::error_badbrace) return "a repetition {n,m} that is not one";
  if (code == rc::error_range) return "a range like z-a that runs backwards";
  if (code == rc::error_badrepeat) return "a '*', '+' or '?' with nothing before it";
  if (code == rc::error_escape) return "a '\\' before something that has no escape";
  if (code == rc::error_complexity || code == rc::error_backref) return "a back reference";
  if (code == rc::error_space || code == rc::error_stack) return "more repetition than fits";
  return "something that is no ECMAScript expression";
}

}  // namespace

struct Pattern::Program {
  std::regex regex;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > kMaxLength) {
    return base::error(Reason::Invalid, "must not be longer than " + std::to_string(kMaxLength) + " bytes");
  }
  if (nested_too_deep(expression)) {
    return base::error(Reason::Invalid, "must not nest groups deeper than " + std::to_string(kMaxNesting));
  }
  try {
    // libstdc++'s breadth-first matcher: its default one recurses once per character.
    constexpr auto kFlags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    return Pattern(
        std::make_shared<const Program>(Program{std::regex(expression.begin(), expression.end(), kFlags)}));
  } catch (const std::regex_error& error) {
    return base::error(Reason::Invalid,
                       std::string("must be a regular expression, but has ") + describe(error.code()));
  }
}

bool Pattern::found_in(std::string_view text) const {
  return std::regex_search(text.begin(), text.end(), program_->regex);
}

}  // namespace berth::crd
