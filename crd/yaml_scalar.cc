#include "crd/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "crd/formats.h"

namespace berth::crd {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<json> integer(std::string_view text) {
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.remove_prefix(is_digit(mark) ? 1 : 2);
    if (!is_digit(mark) && std::string_view("xXbBoO").find(mark) == std::string_view::npos)
      return std::nullopt;
  }
  std::uint64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return json(value);
  if (value > std::uint64_t{1} << 63) return std::nullopt;
  return json(static_cast<std::int64_t>(-value));
}

// [-+]? (\.[0-9]+ | [0-9]+(\.[0-9]*)?) ([eE][-+]?[0-9]+)?
bool is_float(std::string_view text) {
  std::size_t at = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  const bool whole = digits() > 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0 && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<json> floating(std::string_view text) {
  if (!is_float(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc()) return std::nullopt;
  constexpr double kExact = 9007199254740992.0;
  if (std::trunc(value) != value || std::abs(value) > kExact) return json(value);
  if (value < 0) return json(static_cast<std::int64_t>(value));
  return json(static_cast<std::uint64_t>(value));
}

// "2026-01-31...": a timestamp in YAML 1.1; "12:30": a number in base 60 there.
bool is_old_number(std::string_view text) {
  if (!is_digit(text[0])) return false;
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return end != text.end() && (*end == ':' || (*end == '-' && end - text.begin() == 4));
}

}  // namespace

std::optional<json> resolve_plain(std::string_view text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return json(nullptr);
  if (is_one_of(text, {"true", "True", "TRUE"})) return json(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return json(false);
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                       ".NaN", ".NAN"})) {
    return std::nullopt;
  }
  if (is_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.') {
    std::string plain;
    std::copy_if(text.begin(), text.end(), std::back_inserter(plain), [](char c) { return c != '_'; });
    if (auto number = integer(plain)) return number;
    if (auto number = floating(plain)) return number;
  }
  return json(text);
}

bool is_safe_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (text.starts_with("---") || text.starts_with("...") || text == "<<" || text == "=") return false;
  const char first = text[0];
  if (std::string_view("?:,[]{}#&*!|>'\"%@`").find(first) != std::string_view::npos) return false;
  if (first == '-' && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  for (unsigned char c : text) {
    if (c < 0x20 || c >= 0x7f) return false;
  }
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off",
                       "Off", "OFF"})) {
    return false;
  }
  if (is_old_number(text)) return false;
  const auto meaning = resolve_plain(text);
  return meaning && meaning->is_string();
}

std::optional<BadText> find_bad_text(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto hex = [](unsigned value) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "0x%02X", value);
    return std::string(buffer);
  };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      if ((lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') || lead == 0x7f) {
        return BadText{i, "control character " + hex(lead) + " (write it as an escape in double quotes)"};
      }
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const std::uint32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    bool valid = lead >= 0xc2 && lead <= 0xf4 && i + length <= text.size();
    std::uint32_t code = lead & (0xffu >> (length + 1));
    for (std::size_t k = 1; valid && k < length; ++k) {
      valid = (byte(i + k) & 0xc0) == 0x80;
      code = code << 6 | (byte(i + k) & 0x3fu);
    }
    valid = valid && code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (!valid) return BadText{i, "byte " + hex(lead) + " is not UTF-8"};
    i += length;
  }
  return std::nullopt;
}

}  // namespace berth::crd
