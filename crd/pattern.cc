#include "crd/pattern.h"

#include <regex>

namespace berth::crd {
namespace {

constexpr std::size_t kMaxLength = 1024;
constexpr int kMaxNesting = 32;
constexpr std::uint64_t kMaxRepetition = 10'000;

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

// Every {n,m} multiplied: what its groups can at most grow to when they are laid out for matching.
bool repeats_too_often(std::string_view expression) {
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\') {
      ++i;
    } else if (expression[i] == '{') {
      std::uint64_t most = 1, number = 0;
      for (++i; i < expression.size() && expression[i] != '}'; ++i) {
        number = expression[i] >= '0' && expression[i] <= '9'
                     ? std::min(number * 10 + (expression[i] - '0'), kMaxRepetition + 1)
                     : 0;
        most = std::max(most, number);
      }
      product = std::min(product * most, kMaxRepetition + 1);
    }
  }
  return product > kMaxRepetition;
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
  if (repeats_too_often(expression)) {
    return base::error(Reason::Invalid, "must not repeat more than " + std::to_string(kMaxRepetition) +
                                            " times (all its {n} multiplied)");
  }
  try {
    // libstdc++'s breadth-first matcher: its default one recurses once per character. Its parser looks one
    // character past the end, which has to be there.
    constexpr auto kFlags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    const std::string text(expression);
    static_cast<void>(std::regex(text, kFlags));  // refuses what only the wrapping would make whole: a)(b
    // A search would start anew at every character; one match that may skip what comes before takes one walk.
    return Pattern(std::make_shared<const Program>(Program{std::regex("[\\s\\S]*?(?:" + text + ")", kFlags | std::regex::nosubs)}));
  } catch (const std::regex_error& error) {
    return base::error(Reason::Invalid,
                       std::string("must be a regular expression, but has ") + describe(error.code()));
  }
}

bool Pattern::found_in(std::string_view text) const {
  return std::regex_search(text.begin(), text.end(), program_->regex, std::regex_constants::match_continuous);
}

}  // namespace berth::crd
