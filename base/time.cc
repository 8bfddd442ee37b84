#include "base/time.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>

namespace berth::base {

namespace {

std::tm utc(SystemTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string print(SystemTime time, bool micros) {
  const std::tm t = utc(time);
  std::array<char, 64> text{};
  if (micros) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                  t.tm_hour, t.tm_min, t.tm_sec, static_cast<int>(rest));
  } else {
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                  t.tm_hour, t.tm_min, t.tm_sec);
  }
  return text.data();
}

// Reads exactly `count` digits; -1 when there are none.
int digits(std::string_view& text, int count) {
  if (text.size() < static_cast<std::size_t>(count)) return -1;
  int value = 0;
  for (int i = 0; i < count; ++i) {
    if (!std::isdigit(static_cast<unsigned char>(text[i]))) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Duration> offset(std::string_view& text) {
  if (skip(text, "Zz")) return Duration{0};
  const bool negative = !text.empty() && text.front() == '-';
  if (!skip(text, "+-")) return std::nullopt;
  const int hours = digits(text, 2);
  if (hours < 0 || !skip(text, ":")) return std::nullopt;
  const int minutes = digits(text, 2);
  if (minutes < 0) return std::nullopt;
  const Duration size = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return negative ? -size : size;
}

std::string two(long a, const char* unit_a, long b, const char* unit_b) {
  std::string text = std::to_string(a) + unit_a;
  if (b != 0) text += std::to_string(b) + unit_b;
  return text;
}

// What nanoseconds since 1970 can say in 64 bits, in whole years.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

}  // namespace

std::string format_time(SystemTime time) { return print(time, false); }
std::string format_micro_time(SystemTime time) { return print(time, true); }

std::optional<SystemTime> parse_time(std::string_view text) {
  const int year = digits(text, 4);
  if (year < kFirstYear || year > kLastYear || !skip(text, "-")) return std::nullopt;
  const int month = digits(text, 2);
  if (month < 1 || month > 12 || !skip(text, "-")) return std::nullopt;
  const int day = digits(text, 2);
  if (day < 1 || day > 31 || !skip(text, "Tt ")) return std::nullopt;
  const int hour = digits(text, 2);
  if (hour < 0 || hour > 23 || !skip(text, ":")) return std::nullopt;
  const int minute = digits(text, 2);
  if (minute < 0 || minute > 59 || !skip(text, ":")) return std::nullopt;
  const int second = digits(text, 2);
  if (second < 0 || second > 60) return std::nullopt;
  Duration fraction{0};
  if (skip(text, ".")) {
    std::int64_t scale = 100'000'000;
    if (text.empty() || !std::isdigit(static_cast<unsigned char>(text.front()))) return std::nullopt;
    for (; !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())); text.remove_prefix(1), scale /= 10) {
      fraction += Duration((text.front() - '0') * scale);
    }
  }
  const auto shift = offset(text);
  if (!shift || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const Duration of_day = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) + fraction;
  return SystemTime(std::chrono::duration_cast<SystemTime::duration>(
      std::chrono::sys_days(date).time_since_epoch() + of_day - *shift));
}

std::string human_duration(Duration duration) {
  const long s = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return std::to_string(s) + "s";
  const long m = s / 60;
  if (m < 10) return two(m, "m", s % 60, "s");
  if (m < 180) return std::to_string(m) + "m";
  const long h = m / 60;
  if (h < 8) return two(h, "h", m % 60, "m");
  if (h < 48) return std::to_string(h) + "h";
  const long d = h / 24;
  if (d < 8) return two(d, "d", h % 24, "h");
  if (d < 365 * 2) return std::to_string(d) + "d";
  if (d < 365 * 8) return two(d / 365, "y", d % 365, "d");
  return std::to_string(d / 365) + "y";
}

}  // namespace berth::base
