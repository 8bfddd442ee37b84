#include "crd/compose/units.h"

#include <charconv>
#include <cmath>
#include <filesystem>

#include "crd/formats.h"

namespace berth::compose {
namespace {

// The number at the start of `text`, which is taken off.
std::optional<double> take_number(std::string_view& text) {
  const auto end = text.find_first_not_of("0123456789.");
  const std::string_view digits = text.substr(0, end);
  double value = 0;
  const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  if (failure != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  text.remove_prefix(digits.size());
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  constexpr double kLongest = 1e15;
  struct DurationUnit {
    std::string_view name;
    double milliseconds;
  };
  constexpr DurationUnit kUnits[] = {{"ms", 1},     {"us", 0.001}, {"µs", 0.001},    {"ns", 0.000001},      {"h", 3600'000},
                                     {"m", 60'000}, {"s", 1000},   {"d", 86400'000}, {"w", 7 * 86400'000.0}};
  if (text == "0") return 0;
  double sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto* unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const DurationUnit& each) { return text.starts_with(each.name); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    sum += *number * unit->milliseconds;
    if (sum > kLongest) return std::nullopt;
  }
  return sum == 0 ? 0 : std::max<std::int64_t>(1, std::llround(sum));
}

std::int64_t whole_seconds(std::int64_t milliseconds) { return std::max<std::int64_t>(1, (milliseconds + 999) / 1000); }

std::optional<std::int64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  std::string unit;
  for (const char c : text) {
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (unit.ends_with("ib")) unit.erase(unit.size() - 2);
  if (unit.ends_with('b')) unit.pop_back();
  const std::string_view units = "kmgtp";
  double factor = 1;
  if (!unit.empty()) {
    const auto power = units.find(unit);
    if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
    factor = std::pow(1024.0, static_cast<double>(power + 1));
  }
  const double bytes = *number * factor;
  if (bytes > 9e18) return std::nullopt;
  return std::llround(bytes);
}

std::string quantity(std::int64_t bytes) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {std::int64_t{1} << 40, "Ti"}, {1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}};
  for (const auto& [size, unit] : kUnits) {
    if (bytes != 0 && bytes % size == 0) return std::to_string(bytes / size) + unit;
  }
  return std::to_string(bytes);
}

std::optional<std::int64_t> parse_cpus(std::string_view text) {
  const auto number = take_number(text);
  if (!number || !text.empty() || *number > 1e6) return std::nullopt;
  return std::llround(*number * 1000);
}

std::string cpu_quantity(std::int64_t thousandths) {
  return thousandths % 1000 == 0 ? std::to_string(thousandths / 1000) : std::to_string(thousandths) + "m";
}

std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (quote == '"') {
      if (c == quote) {
        quote = '\0';
      } else if (c == '\\' && i + 1 < text.size() && std::string_view("\"\\$`").find(text[i + 1]) != std::string_view::npos) {
        word += text[++i];
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      if (text[++i] != '\n') word += text[i];
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != '\0') return std::nullopt;
  if (inside) words.push_back(std::move(word));
  return words;
}

std::string dns_label(std::string_view name) {
  constexpr std::size_t kLongest = 63;
  std::string out;
  for (const char c : name) {
    const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool fits = (small >= 'a' && small <= 'z') || crd::is_digit(small);
    if (!fits && out.empty()) continue;
    out += fits ? small : '-';
  }
  out.resize(std::min(out.size(), kLongest));
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string variable_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char big = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out += (big >= 'A' && big <= 'Z') || crd::is_digit(big) ? big : '_';
  }
  if (out.empty() || crd::is_digit(out[0])) out = "_" + out;
  return out;
}

std::string join_path(const std::string& directory, const std::string& path) {
  const auto joined = (std::filesystem::path(directory) / path).lexically_normal();
  std::string out = joined.string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out.empty() ? "." : out;
}

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

bool is_below(const std::string& path, const std::string& directory) {
  if (directory == ".") return !path.starts_with('/') && path != ".." && !path.starts_with("../");
  if (directory == "/") return path.starts_with('/');
  return path == directory || path.starts_with(directory + "/");
}

}  // namespace berth::compose
