#include "controller/reconcile/log_match.h"

namespace berth::reconcile {

namespace {

constexpr std::size_t kSearched = 4096;
constexpr std::size_t kLongestRest = 64 * 1024;

}  // namespace

LogMatch::LogMatch(const std::string& pattern, std::optional<base::SystemTime> from) : from_(from) {
  if (auto compiled = crd::Pattern::compile(pattern); compiled.has_value()) pattern_ = *compiled;
}

bool LogMatch::feed(const engine::LogChunk& chunk) {
  auto& rest = rest_[chunk.stream];
  rest += chunk.bytes;
  std::size_t from = 0;
  bool found = false;
  for (auto end = rest.find('\n'); end != std::string::npos && !found; end = rest.find('\n', from)) {
    found = matches(std::string_view(rest).substr(from, end - from));
    from = end + 1;
  }
  rest.erase(0, from);
  if (rest.size() > kLongestRest) rest.resize(kLongestRest);
  return found;
}

bool LogMatch::matches(std::string_view line) const {
  if (!pattern_) return false;
  const auto space = line.find(' ');
  if (space != std::string_view::npos) {
    if (const auto written = base::parse_time(line.substr(0, space))) {
      if (from_ && *written < *from_) return false;
      line.remove_prefix(space + 1);
    }
  }
  line = line.substr(0, kSearched);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return pattern_->found_in(line);
}

}  // namespace berth::reconcile
