#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace berth::base {

// `text` without the `blanks` at its two ends.
inline std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The pieces of `text` between `separator`s, as they stand: at least one, and empty ones too.
std::vector<std::string_view> split(std::string_view text, char separator);

// The length of the valid UTF-8 sequence at text[i], 0 when there is none (RFC 3629).
std::size_t utf8_length_at(std::string_view text, std::size_t i);
bool is_utf8(std::string_view text);

}  // namespace berth::base
