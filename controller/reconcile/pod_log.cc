#include "controller/reconcile/pod_log.h"

#include <algorithm>
#include <limits>

namespace berth::reconcile {

namespace {

constexpr base::Duration kWholePodLog = std::chrono::minutes(10);  // the reader may be slow

// Hands on at most so many bytes.
class LimitedLog {
 public:
  LimitedLog(http::ResponseWriter& writer, std::optional<std::int64_t> limit) : writer_(writer), limit_(limit) {}
  // False: no more is wanted.
  Task<bool> write(std::string bytes) {
    if (limit_) {
      bytes.resize(std::min<std::uint64_t>(bytes.size(), static_cast<std::uint64_t>(*limit_)));
      *limit_ -= static_cast<std::int64_t>(bytes.size());
    }
    const bool there = co_await writer_.write(std::move(bytes));
    co_return there && (!limit_ || *limit_ > 0);
  }

 private:
  http::ResponseWriter& writer_;
  std::optional<std::int64_t> limit_;
};

}  // namespace

void LogTail::add(std::string_view bytes) {
  text_ += bytes;
  if (text_.size() <= 2 * kMostTail) return;
  text_ = take();
}

std::string LogTail::take() {
  std::size_t start = text_.size();
  if (start > 0 && text_.back() == '\n') --start;
  for (std::int64_t line = 0; line < lines_ && start != std::string::npos && start > 0; ++line) start = text_.rfind('\n', start - 1);
  std::string out = lines_ == 0 ? "" : start == std::string::npos || start == 0 ? std::move(text_) : text_.substr(start + 1);
  if (out.size() > kMostTail) out.erase(0, out.size() - kMostTail);
  text_.clear();
  return out;
}

Task<Result<void>> write_pod_log(engine::Engine& engine, base::Clock& clock, std::string container_id, plan::LogSpan span,
                                 api::PodLogOptions options, http::ResponseWriter& writer) {
  engine::LogOptions wanted;
  // A run that is over is not followed. The engine counts lines from the end of all that there is: those of an earlier run are
  // counted here.
  wanted.follow = options.follow && !span.until;
  wanted.timestamps = options.timestamps;
  wanted.since = options.since && (!span.from || *options.since > *span.from) ? options.since : span.from;
  wanted.until = span.until;
  std::optional<LogTail> tail;
  if (options.tail && span.until) {
    tail.emplace(*options.tail);
  } else if (options.tail) {
    wanted.tail = static_cast<int>(std::min<std::int64_t>(*options.tail, std::numeric_limits<int>::max()));
  }
  const auto deadline = base::Deadline::after(clock.steady_now(), kWholePodLog);
  auto opened = co_await engine.logs(std::move(container_id), wanted, deadline);
  if (opened.has_error()) co_return opened.error();
  std::string type = "text/plain";
  http::Headers none;
  co_await writer.start_stream(200, std::move(type), std::move(none));
  WholeOrCutOff end(writer);
  LimitedLog log(writer, options.limit_bytes);
  while (true) {
    auto chunk = co_await (*opened)->next();
    if (chunk.has_error()) co_return Result<void>();
    if (!*chunk) break;
    auto bytes = std::move((*chunk)->bytes);
    if (tail) {
      tail->add(bytes);
      continue;
    }
    const bool more = co_await log.write(std::move(bytes));
    if (!more) {
      end.whole();
      co_return Result<void>();
    }
  }
  end.whole();
  if (tail) {
    auto bytes = tail->take();
    co_await log.write(std::move(bytes));
  }
  co_return Result<void>();
}

}  // namespace berth::reconcile
