#include "cli/text_diff.h"

#include <algorithm>
#include <vector>

namespace berth::cli {

namespace {

constexpr std::size_t kContext = 3;
constexpr int kMostSteps = 2000;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Step {
  char kind = ' ';  // ' ', '-', '+'
  std::string_view line;
};

// Myers' greedy search for the shortest way from one text to the other; above kMostSteps, all of one and then all of the other.
class ShortestWay {
 public:
  ShortestWay(const Lines& a, const Lines& b) : a_(a), b_(b), n_(static_cast<int>(a.size())), m_(static_cast<int>(b.size())) {}

  std::vector<Step> steps() {
    if (!search()) return everything();
    std::vector<Step> steps;
    int x = n_;
    int y = m_;
    for (auto d = static_cast<int>(trace_.size()) - 1; d >= 0; --d) {
      const bool down = goes_down(d, x - y);
      const int from_k = x - y + (down ? 1 : -1);
      const int from_x = d == 0 ? 0 : before(d, from_k);
      const int from_y = d == 0 ? 0 : from_x - from_k;
      while (x > from_x && y > from_y) {
        --x;
        --y;
        steps.push_back({' ', a_[static_cast<std::size_t>(x)]});
      }
      if (d == 0) break;
      if (down) {
        steps.push_back({'+', b_[static_cast<std::size_t>(--y)]});
      } else {
        steps.push_back({'-', a_[static_cast<std::size_t>(--x)]});
      }
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

 private:
  // How far one gets with d steps on each diagonal k from -d to d; trace_[d] is that.
  int before(int d, int k) const { return trace_[static_cast<std::size_t>(d - 1)][static_cast<std::size_t>(k + d - 1)]; }
  bool goes_down(int d, int k) const { return k == -d || (k != d && before(d, k - 1) < before(d, k + 1)); }

  bool search() {
    for (int d = 0; d <= kMostSteps; ++d) {
      std::vector<int> row(static_cast<std::size_t>(2 * d + 1), 0);
      for (int k = -d; k <= d; k += 2) {
        int x = d == 0 ? 0 : goes_down(d, k) ? before(d, k + 1) : before(d, k - 1) + 1;
        while (x < n_ && x - k < m_ && a_[static_cast<std::size_t>(x)] == b_[static_cast<std::size_t>(x - k)]) ++x;
        row[static_cast<std::size_t>(k + d)] = x;
        if (x < n_ || x - k < m_) continue;
        trace_.push_back(std::move(row));
        return true;
      }
      trace_.push_back(std::move(row));
    }
    return false;
  }

  std::vector<Step> everything() const {
    std::vector<Step> steps;
    for (const auto line : a_) steps.push_back({'-', line});
    for (const auto line : b_) steps.push_back({'+', line});
    return steps;
  }

  const Lines& a_;
  const Lines& b_;
  const int n_;
  const int m_;
  std::vector<std::vector<int>> trace_;
};

std::string range(std::size_t start, std::size_t count) {
  const auto first = std::to_string(count == 0 ? start : start + 1);
  return count == 1 ? first : first + "," + std::to_string(count);
}

// steps[begin, end) under its head. `a` and `b` are the lines of the two texts before it.
std::string hunk(const std::vector<Step>& steps, std::size_t begin, std::size_t end, std::size_t a, std::size_t b) {
  std::size_t old_lines = 0;
  std::size_t new_lines = 0;
  std::string body;
  for (std::size_t i = begin; i < end; ++i) {
    old_lines += steps[i].kind != '+';
    new_lines += steps[i].kind != '-';
    body.append(1, steps[i].kind).append(steps[i].line).append("\n");
  }
  return "@@ -" + range(a, old_lines) + " +" + range(b, new_lines) + " @@\n" + body;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view from, std::string_view to) {
  if (before == after) return "";
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  const auto steps = ShortestWay(old_lines, new_lines).steps();
  std::string out = "--- " + std::string(from) + "\n+++ " + std::string(to) + "\n";
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t done = 0;
  const auto walk_to = [&](std::size_t place) {
    for (; done < place; ++done) {
      a += steps[done].kind != '+';
      b += steps[done].kind != '-';
    }
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == ' ') continue;
    const auto begin = std::max(done, i > kContext ? i - kContext : 0);
    std::size_t end = i + 1;  // behind the last line that differs, with what belongs to it
    for (std::size_t j = i + 1; j < steps.size() && j <= end + 2 * kContext; ++j) {
      if (steps[j].kind != ' ') end = j + 1;
    }
    end = std::min(steps.size(), end + kContext);
    walk_to(begin);
    out += hunk(steps, begin, end, a, b);
    walk_to(end);
    i = end - 1;
  }
  return out;
}

}  // namespace berth::cli
