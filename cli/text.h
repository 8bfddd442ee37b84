#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::cli {

// How many terminal columns UTF-8 text takes. Bytes that are no UTF-8 count one each.
std::size_t display_width(std::string_view text);
// At most `columns` wide; what was cut ends in "...".
std::string clip(std::string_view text, std::size_t columns);
// Text of others made safe for a terminal: control characters and escape sequences become \xNN; \n and \t stay.
std::string printable(std::string_view text);
// printable(), and only the first line; "..." stands for the others.
std::string one_line(std::string_view text);
// Every line of `text` behind `prefix`, with a newline after the last.
std::string indented(std::string_view text, std::string_view prefix);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);
// "1 object", "31 objects".
std::string counted(std::string_view number, std::string_view thing);

enum class Color { None, Red, Green, Yellow, Blue, Magenta, Cyan, Dim, Bold };
// `text` in that colour when `enabled`.
std::string painted(std::string_view text, Color color, bool enabled);

// Columns aligned as kubectl does. Rows may come in batches (a watch): widths never shrink, so later rows stay in line.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  // Missing cells are empty; every cell goes through one_line().
  void add(std::vector<std::string> row);
  // The lines not yet taken; the first call begins with the header unless `with_header` is false.
  std::string take(bool with_header = true);

 private:
  void widen(const std::vector<std::string>& row);
  std::string line(const std::vector<std::string>& row) const;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool started_ = false;
};

}  // namespace berth::cli
