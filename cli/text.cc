#include "cli/text.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace berth::cli {

namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

CodePoint decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xF0 && first < 0xF8   ? 4
                            : first >= 0xE0 && first < 0xF0 ? 3
                            : first >= 0xC2 && first < 0xE0 ? 2
                                                            : 0;
  if (bytes == 0 || bytes > text.size()) return {first, 1, false};
  std::uint32_t value = first & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {first, 1, false};
    value = value << 6 | (next & 0x3Fu);
  }
  return {value, bytes, true};
}

std::size_t columns_of(const CodePoint& point) {
  const auto c = point.value;
  if (!point.valid) return 1;
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) || (c >= 0x1F900 && c <= 0x1F9FF) ||
                    (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::string escaped(unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
}

bool is_control(const CodePoint& point) { return point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0); }

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto point = decode(text);
    width += columns_of(point);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string clip(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  const std::string_view mark = "...";
  const std::size_t room = columns > mark.size() ? columns - mark.size() : 0;
  std::string result;
  std::size_t width = 0;
  while (!text.empty()) {
    const auto point = decode(text);
    width += columns_of(point);
    if (width > room) break;
    result += text.substr(0, point.bytes);
    text.remove_prefix(point.bytes);
  }
  return result + std::string(mark.substr(0, std::min(columns, mark.size())));
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto point = decode(text);
    const bool kept = point.value == '\n' || point.value == '\t';
    if (!point.valid || (is_control(point) && !kept)) {
      for (std::size_t i = 0; i < point.bytes; ++i) result += escaped(static_cast<unsigned char>(text[i]));
    } else {
      result += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return result;
}

std::string one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const auto end = text.find('\n');
  std::string line = printable(text.substr(0, end));
  std::replace(line.begin(), line.end(), '\t', ' ');
  return end == std::string_view::npos ? line : line + "...";
}

std::string indented(std::string_view text, std::string_view prefix) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string result;
  for (const auto& line : split(text, '\n')) result += std::string(prefix) + line + "\n";
  return result;
}

std::vector<std::string> split(std::string_view text, char separator) {
  const auto parts = base::split(text, separator);
  return {parts.begin(), parts.end()};
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += separator;
    result += parts[i];
  }
  return result;
}

std::string counted(std::string_view number, std::string_view thing) {
  return std::string(number) + " " + std::string(thing) + (number == "1" ? "" : "s");
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string painted(std::string_view text, Color color, bool enabled) {
  if (!enabled || color == Color::None) return std::string(text);
  const char* code = "0";
  switch (color) {
    case Color::None:
      break;
    case Color::Red:
      code = "31";
      break;
    case Color::Green:
      code = "32";
      break;
    case Color::Yellow:
      code = "33";
      break;
    case Color::Blue:
      code = "34";
      break;
    case Color::Magenta:
      code = "35";
      break;
    case Color::Cyan:
      code = "36";
      break;
    case Color::Dim:
      code = "2";
      break;
    case Color::Bold:
      code = "1";
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void Table::add(std::vector<std::string> row) {
  row.resize(header_.size());
  for (auto& cell : row) cell = one_line(cell);
  rows_.push_back(std::move(row));
}

void Table::widen(const std::vector<std::string>& row) {
  widths_.resize(header_.size(), 0);
  for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], display_width(row[i]));
}

std::string Table::line(const std::vector<std::string>& row) const {
  std::string result;
  for (std::size_t i = 0; i < row.size(); ++i) {
    result += row[i];
    if (i + 1 < row.size()) result.append(widths_[i] - display_width(row[i]) + 3, ' ');
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result + "\n";
}

std::string Table::take(bool with_header) {
  if (with_header) widen(header_);
  for (const auto& row : rows_) widen(row);
  std::string result;
  if (with_header && !started_) result += line(header_);
  started_ = true;
  for (const auto& row : rows_) result += line(row);
  rows_.clear();
  return result;
}

}  // namespace berth::cli
