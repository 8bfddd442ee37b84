#include "cli/duration.h"

#include <array>
#include <cstdio>
#include <utility>

namespace berth::cli {

namespace {

constexpr double kLongest = 100.0 * 365 * 86400;  // a century, far below what nanoseconds in 64 bits can hold

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr std::array<Unit, 7> kUnits{
    {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};

std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  double scale = 0;
  std::size_t digits = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && scale == 0) {
      scale = 1;
    } else if (c >= '0' && c <= '9') {
      ++digits;
      value = value * 10 + (c - '0');
      scale *= 10;
    } else {
      break;
    }
  }
  text.remove_prefix(i);
  if (digits == 0) return std::nullopt;
  return scale > 1 ? value / scale : value;
}

std::optional<double> take_unit(std::string_view& text) {
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<base::Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  const bool bare = text.find_first_not_of("0123456789.") == std::string_view::npos;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto unit = bare ? std::optional<double>(1) : take_unit(text);
    if (!unit) return std::nullopt;
    seconds += *number * *unit;
    if (bare && !text.empty()) return std::nullopt;
  }
  if (seconds > kLongest) return std::nullopt;
  return base::Duration(static_cast<std::int64_t>(seconds * 1e9 + 0.5));
}

std::string elapsed(base::Duration duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
  const auto seconds = tenths / 10;
  char buffer[48];
  if (seconds < 60) {
    std::snprintf(buffer, sizeof buffer, "%lld.%llds", static_cast<long long>(seconds),
                  static_cast<long long>(tenths % 10));
  } else if (seconds < 3600) {
    std::snprintf(buffer, sizeof buffer, "%lldm%02llds", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(buffer, sizeof buffer, "%lldh%02lldm", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds / 60 % 60));
  }
  return buffer;
}

}  // namespace berth::cli
