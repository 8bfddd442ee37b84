#include "crd/shell_quote.h"

namespace berth::crd {

bool is_bare_word(std::string_view value, std::string_view also) {
  if (value.empty()) return false;
  for (const char c : value) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && also.find(c) == std::string_view::npos) return false;
  }
  return true;
}

std::string shell_quote(std::string_view value) {
  if (is_bare_word(value, "_-./:@%+=,")) return std::string(value);
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

}  // namespace berth::crd
