#include "cli/log_merge.h"

#include <algorithm>

namespace berth::cli {

namespace {

constexpr std::size_t kPiece = 16 * 1024;  // of a line, as the engine keeps it
constexpr std::size_t kStamp = 30;         // "2026-11-27T10:47:55.123456789Z"

// The time in front of `text`, with the blank behind it; nullopt when there is none.
std::optional<base::SystemTime> time_in_front(std::string_view text, std::size_t& length) {
  const auto blank = text.substr(0, kStamp + 6).find(' ');  // an offset is longer than Z
  if (blank == std::string_view::npos || blank < 20) return std::nullopt;
  const auto time = base::parse_time(text.substr(0, blank));
  if (time) length = blank;
  return time;
}

}  // namespace

LogLine parse_log_line(std::string_view line, base::SystemTime otherwise) {
  LogLine parsed;
  std::size_t stamp = 0;
  const auto time = time_in_front(line, stamp);
  parsed.time = time.value_or(otherwise);
  if (time) {
    parsed.stamp = line.substr(0, stamp);
    line.remove_prefix(stamp + 1);
  }
  while (time && line.size() > kPiece && time_in_front(line.substr(kPiece), stamp)) {
    parsed.text += line.substr(0, kPiece);
    line.remove_prefix(kPiece + stamp + 1);
  }
  parsed.text += line;
  return parsed;
}

std::size_t LogMerge::add_source() {
  sources_.emplace_back();
  return sources_.size() - 1;
}

void LogMerge::put(LogLine line, base::SteadyTime now) {
  auto& source = sources_[line.source];
  source.bytes += line.text.size();
  source.lines.push_back({std::move(line), now});
}

bool LogMerge::empty() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const Source& source) { return source.lines.empty(); });
}

bool LogMerge::complete() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const Source& source) { return source.idle || !source.lines.empty(); });
}

std::optional<base::SteadyTime> LogMerge::longest_wait() const {
  std::optional<base::SteadyTime> first;
  for (const auto& source : sources_) {
    if (!source.lines.empty()) first = std::min(first.value_or(base::SteadyTime::max()), source.lines.front().since);
  }
  return first;
}

std::optional<base::SteadyTime> LogMerge::next_look() const {
  const auto since = longest_wait();
  if (!since || !window_) return std::nullopt;
  return *since + *window_;
}

std::optional<LogLine> LogMerge::take(base::SteadyTime now) {
  const auto due = next_look();
  if (!complete() && !(due && now >= *due)) return std::nullopt;
  Source* earliest = nullptr;
  for (auto& source : sources_) {
    if (source.lines.empty()) continue;
    if (!earliest || source.lines.front().line.time < earliest->lines.front().line.time) earliest = &source;
  }
  if (!earliest) return std::nullopt;
  auto line = std::move(earliest->lines.front().line);
  earliest->lines.pop_front();
  earliest->bytes -= line.text.size();
  return line;
}

}  // namespace berth::cli
