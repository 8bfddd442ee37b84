#include "crd/quantity.h"

#include <limits>

namespace berth::crd {
namespace {

using Wide = unsigned __int128;
constexpr Wide kWideMax = ~Wide{0};
constexpr int kSignificantDigits = 19;

struct Suffix {
  int power_of_two = 0;
  int power_of_ten = 0;
};

// "Ki" .. "Ei", "n" .. "E", "" or an exponent "e3", "E-3".
std::optional<Suffix> parse_suffix(std::string_view text) {
  constexpr std::string_view kLetters = "KMGTPE";
  if (text.empty()) return Suffix{};
  if (text.size() == 2 && text[1] == 'i') {
    const auto index = kLetters.find(text[0]);
    if (index == std::string_view::npos) return std::nullopt;
    return Suffix{.power_of_two = 10 * (static_cast<int>(index) + 1)};
  }
  if (text.size() == 1) {
    constexpr std::string_view kDecimal = "numkMGTPE";
    constexpr int kPowers[] = {-9, -6, -3, 3, 6, 9, 12, 15, 18};
    const auto index = kDecimal.find(text[0]);
    if (index == std::string_view::npos) return std::nullopt;
    return Suffix{.power_of_ten = kPowers[index]};
  }
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 3) return std::nullopt;
  int exponent = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    exponent = exponent * 10 + (c - '0');
  }
  return Suffix{.power_of_ten = negative ? -exponent : exponent};
}

// The value in units of 10^-scale, rounded up.
std::optional<std::int64_t> parse(std::string_view text, int scale) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  Wide mantissa = 0;
  int digits = 0, significant = 0, power_of_ten = scale;
  bool point = false, lost = false;
  std::size_t at = 0;
  for (; at < text.size() && at < 4096; ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    ++digits;
    if (significant < kSignificantDigits) {
      mantissa = mantissa * 10 + static_cast<unsigned>(c - '0');
      if (mantissa != 0) ++significant;
      if (point) --power_of_ten;
    } else {
      lost = lost || c != '0';
      if (!point) ++power_of_ten;
    }
  }
  const auto suffix = parse_suffix(text.substr(at));
  if (digits == 0 || !suffix) return std::nullopt;
  if (mantissa == 0) return 0;

  Wide value = mantissa << suffix->power_of_two;  // below 2^64 * 2^60
  power_of_ten += suffix->power_of_ten;
  for (; power_of_ten > 0; --power_of_ten) {
    if (value > kWideMax / 10) return std::nullopt;
    value *= 10;
  }
  for (; power_of_ten < 0; ++power_of_ten) {
    lost = lost || value % 10 != 0;
    value /= 10;
  }
  if (lost) ++value;
  if (value > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<std::int64_t> parse_cpu(std::string_view text) { return parse(text, 9); }

std::optional<std::int64_t> parse_bytes(std::string_view text) { return parse(text, 0); }

}  // namespace berth::crd
