#include "cli/log_session.h"

#include <algorithm>
#include <ostream>

#include "api/http/codec.h"
#include "cli/follower.h"
#include "cli/targets.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr base::Duration kWindow = std::chrono::milliseconds(200);
constexpr base::Duration kLookAgain = std::chrono::seconds(2);  // a change may have been told before the log was over
constexpr base::Duration kRetryPause = std::chrono::milliseconds(500);
constexpr int kMostRetries = 5;
constexpr std::size_t kMostWaiting = 1024 * 1024;  // bytes of one service
constexpr std::size_t kLongestLine = 64 * (16 * 1024 + 31);  // 1 MiB in pieces of the engine, a time in front of each

std::optional<base::Duration> window_of(const LogWish& wish) {
  if (!wish.query.follow) return std::nullopt;
  return wish.services.size() > 1 ? kWindow : base::Duration(0);
}

// Cuts a stream into lines, and a line that is too long for memory into pieces. Every byte is looked at once.
class LineCutter {
 public:
  struct Piece {
    std::string_view text;    // until add()
    bool continued = false;   // the line began in the piece before
  };
  void add(std::string_view bytes) {
    rest_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    rest_ += bytes;
  }
  std::optional<Piece> next() {
    const auto limit = begin_ + kLongestLine;
    const auto window = std::string_view(rest_).substr(0, limit + 1);
    const auto found = window.find('\n', searched_);
    if (found != std::string_view::npos) return cut(found, 1);
    if (window.size() > limit) return cut(limit, 0);
    searched_ = window.size();
    return std::nullopt;
  }
  // What has no end.
  std::optional<Piece> last() {
    if (begin_ == rest_.size()) return std::nullopt;
    return cut(rest_.size(), 0);
  }

 private:
  Piece cut(std::size_t end, std::size_t newline) {
    const Piece piece{std::string_view(rest_).substr(begin_, end - begin_), continues_};
    continues_ = newline == 0;
    begin_ = end + newline;
    searched_ = begin_;
    return piece;
  }
  std::string rest_;
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;
  bool continues_ = false;
};

}  // namespace

LogSession::LogSession(Session& session, LogWish wish)
    : session_(session), wish_(std::move(wish)), merge_(window_of(wish_)), changed_(session.executor), tasks_(session.executor, "logs") {
  for (const auto& service : wish_.services) {
    sources_.push_back({service, false, std::nullopt, "", 0});
    merge_.add_source();
  }
  open_ = sources_.size();
}

Task<Result<std::vector<std::string>>> LogSession::run() {
  for (std::size_t i = 0; i < sources_.size(); ++i) tasks_.spawn(sources_[i].service, read_source(i));
  if (wish_.query.follow) tasks_.spawn("environment", watch());
  auto printed = co_await print();
  co_await tasks_.stop();
  if (printed.has_error()) co_return printed.error();
  co_return std::move(problems_);
}

std::string LogSession::target_of(const Source& source) const {
  auto query = wish_.query;
  query.timestamps = true;
  if (!source.last_stamp.empty()) {
    query.tail.reset();
    query.since_seconds.reset();
    query.since_time = source.last_stamp;
  }
  return log_target(session_.scheme, wish_.environment, source.service, query);
}

Task<void> LogSession::read_source(std::size_t index) {
  auto failure = co_await read_to_the_end(index);
  if (failure) problems_.push_back(sources_[index].service + ": " + printable(failure->message));
  merge_.set_idle(index, true);
  --open_;
  changed_.notify_all();
}

Task<std::optional<Error>> LogSession::read_to_the_end(std::size_t index) {
  auto& source = sources_[index];
  for (int failures = 0;;) {
    source.seen_changes = changes_;
    const auto before = source.last;
    auto end = co_await read_once(index);
    const bool whole = end.has_value() && *end == End::Whole;
    if (whole && !wish_.query.follow) co_return std::nullopt;
    if (source.last != before || whole) failures = 0;
    const bool missing = end.has_error() && end.error().reason == Reason::NotFound;
    if (missing && (!wish_.query.follow || gone_)) {
      if (source.opened) co_return std::nullopt;
      co_return end.error();
    }
    if (whole || missing) {
      const bool more = co_await await_more(index);
      if (!more) co_return std::nullopt;
      continue;
    }
    // A log that was begun is gone on with; one that never was is not there.
    if (!source.opened || ++failures > kMostRetries) {
      co_return end.has_error() ? end.error() : base::error(Reason::ServiceUnavailable, "the log was cut off");
    }
    co_await session_.clock.sleep_for(kRetryPause);
  }
}

Task<Result<LogSession::End>> LogSession::read_once(std::size_t index) {
  auto opened = co_await session_.remote.open(target_of(sources_[index]));
  if (opened.has_error()) co_return opened.error();
  sources_[index].opened = true;
  merge_.set_idle(index, false);
  auto end = co_await take_lines(index, **opened);
  co_return end;
}

Task<Result<LogSession::End>> LogSession::take_lines(std::size_t index, http::ClientStream& stream) {
  auto& source = sources_[index];
  const auto skip_to = source.last;
  LineCutter lines;
  bool skips = false;
  const auto put = [&](const LineCutter::Piece& piece) {
    auto line = parse_log_line(piece.text, source.last.value_or(base::SystemTime{}));
    if (!piece.continued) skips = skip_to && !line.stamp.empty() && line.time <= *skip_to;
    if (skips) return;
    line.source = index;
    source.last = line.time;
    if (!line.stamp.empty()) source.last_stamp = line.stamp;
    merge_.put(std::move(line), session_.clock.steady_now());
  };
  for (;;) {
    while (merge_.waiting(index) > kMostWaiting) co_await changed_.wait();
    auto bytes = co_await stream.read(base::Deadline::never());
    if (bytes.has_error()) co_return End::CutOff;
    lines.add(*bytes);
    while (const auto piece = lines.next()) put(*piece);
    if (const auto piece = bytes->empty() ? lines.last() : std::nullopt) put(*piece);
    changed_.notify_all();
    if (bytes->empty()) co_return End::Whole;
  }
}

bool LogSession::may_go_on(const Source& source) const {
  if (!environment_) return true;
  const auto view = view_environment(*environment_);
  if (view.deleting || view.ended) return false;
  for (const auto& service : view.services) {
    if (service.name == source.service) return service.state != "Completed" && service.state != "Failed";
  }
  return false;  // the spec has it no longer
}

Task<bool> LogSession::await_more(std::size_t index) {
  auto& source = sources_[index];
  merge_.set_idle(index, true);
  changed_.notify_all();
  const auto again = session_.clock.steady_now() + kLookAgain;
  while (!gone_ && may_go_on(source) && changes_ == source.seen_changes && session_.clock.steady_now() < again) {
    co_await changed_.wait_until(session_.clock, again);
  }
  if (gone_ || !may_go_on(source)) co_return false;
  // A container that dies at once is no reason to ask at once.
  co_await session_.clock.sleep_for(kRetryPause);
  co_return true;
}

Task<void> LogSession::watch() {
  Follower follower(session_.executor, session_.clock, session_.client, environments(session_.scheme), wish_.environment);
  follower.start();
  while (!gone_) {
    auto next = co_await follower.next(base::SteadyTime::max());
    if (next.has_error()) {
      // Nobody would say any more when it is gone: what is open is read to its end, and nothing is waited for.
      problems_.push_back("environment: " + printable(next.error().message));
      gone_ = true;
      changed_.notify_all();
      break;
    }
    if (!*next) continue;
    const auto& change = **next;
    if (change.object && change.object->uid() == wish_.uid) {
      environment_ = change.object;
      gone_ = change.deleted;
    } else if (change.synced && !environment_) {
      gone_ = true;
    }
    ++changes_;
    changed_.notify_all();
  }
  co_await follower.stop();
}

Task<Result<void>> LogSession::print() {
  for (;;) {
    auto printed = print_ready();
    if (printed.has_error()) co_return printed;
    if (open_ == 0 && merge_.empty()) co_return Result<void>();
    if (const auto when = merge_.next_look()) {
      co_await changed_.wait_until(session_.clock, *when);
    } else {
      co_await changed_.wait();
    }
  }
}

Result<void> LogSession::print_ready() {
  auto& out = session_.io.out;
  bool any = false;
  while (auto line = merge_.take(session_.clock.steady_now())) {
    any = true;
    out << wish_.prefixes[line->source];
    if (wish_.timestamps && !line->stamp.empty()) out << line->stamp << ' ';
    out << line->text << '\n';
  }
  if (!any) return {};
  changed_.notify_all();  // there is room
  if (!out.flush()) return base::error(Reason::InternalError, "standard output was closed");
  return {};
}

}  // namespace berth::cli
