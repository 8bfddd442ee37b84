#include "api/server/watch_stream.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "base/task_group.h"

namespace berth::api {

namespace {

constexpr std::size_t kWatchChunk = 64 * 1024;
constexpr base::Duration kPace = std::chrono::milliseconds(20);
constexpr int kBurst = 32;
// A shorter watch ends without a bookmark.
constexpr base::Duration kWorthABookmark = std::chrono::seconds(2);

// Wakes the reader at each time at which it has something to say by itself.
Task<void> ring(base::Clock& clock, storage::StoreWatcher& watcher, base::SteadyTime end,
                std::optional<base::Duration> interval) {
  auto next = clock.steady_now();
  while (next < end) {
    next = interval ? std::min(end, next + *interval) : end;
    co_await clock.sleep_until(next);
    watcher.wake();
  }
}

class WatchLoop {
 public:
  WatchLoop(const WatchRequest& watch, WatchEncoder& encoder, storage::StoreWatcher& watcher, Reply& reply,
            storage::Revision from, base::SteadyTime began)
      : watch_(watch), encoder_(encoder), watcher_(watcher), reply_(reply), from_(from), began_(began) {}

  Task<void> run() {
    auto next_bookmark = began_ + watch_.bookmark_interval;
    while (true) {
      co_await watch_.turns.take();
      const auto now = watch_.clock.steady_now();
      std::vector<storage::WatchEvent> events;
      const auto failure = gather(events);
      const bool over = !full_ && now >= end();
      std::string tail;
      if (failure) {
        if (failure->reason != Reason::Cancelled) WatchEncoder::error(tail, *failure);
      } else if (over ? watch_.timeout > kWorthABookmark : !full_ && now >= next_bookmark) {
        add_bookmark(tail);
        while (next_bookmark <= now) next_bookmark += watch_.bookmark_interval;
      }
      auto changes = events.empty() ? nullptr : encoder_.changes(events, watch_.ns, watch_.options);
      events.clear();
      const bool there = co_await write(std::move(changes), std::move(tail), now);
      if (!there || failure || over) co_return;
      if (!full_) co_await watcher_.wait();
    }
  }

 private:
  base::SteadyTime end() const { return began_ + watch_.timeout; }

  // What there is, up to a piece's size. The answer: why nothing comes after it.
  std::optional<Error> gather(std::vector<storage::WatchEvent>& events) {
    std::size_t bytes = 0;
    while (bytes < kWatchChunk) {
      auto event = watcher_.poll();
      full_ = event.has_value();
      if (!event) return std::nullopt;
      if (event->has_error()) return event->error();
      if (event->value().object) bytes += event->value().object->bytes().size();
      events.push_back(std::move(event->value()));
    }
    return std::nullopt;
  }

  // Only when everything up to now has been said.
  void add_bookmark(std::string& text) {
    const auto revision = watch_.store.revision();
    if (watch_.options.bookmarks && revision >= from_) encoder_.bookmark(text, revision, false);
  }

  // Then waits until more may be written. False: the client is gone.
  Task<bool> write(http::SharedChunk changes, std::string tail, base::SteadyTime now) {
    const bool paced = (changes && changes->size() > 0) || !tail.empty();
    if (changes) {
      const bool there = co_await reply_.write(std::move(changes));
      if (!there) co_return false;
    }
    if (!tail.empty()) {
      const bool there = co_await reply_.write(std::move(tail));
      if (!there) co_return false;
    }
    const auto again = paced ? pace_.written(now) : now;
    if (!full_ && again > now) co_await watch_.clock.sleep_until(again);
    co_return true;
  }

  const WatchRequest& watch_;
  WatchEncoder& encoder_;
  storage::StoreWatcher& watcher_;
  Reply& reply_;
  const storage::Revision from_;
  const base::SteadyTime began_;
  WatchPace pace_;
  bool full_ = false;  // more may be there already
};

Task<bool> write_present(std::vector<ObjectPtr> present, WatchEncoder& encoder, Reply& reply) {
  std::string chunk;
  for (auto& object : present) {
    encoder.added(chunk, *object);
    object.reset();
    if (chunk.size() < kWatchChunk) continue;
    const bool there = co_await reply.write(std::move(chunk));
    if (!there) co_return false;
    chunk.clear();
  }
  if (chunk.empty()) co_return true;
  const bool there = co_await reply.write(std::move(chunk));
  co_return there;
}

bool starts_with_present(const ListOptions& options) {
  return options.send_initial_events.value_or(options.revision.value_or(0) == 0);
}

Task<void> write_error(const Error& error, Reply& reply) {
  std::string chunk;
  WatchEncoder::error(chunk, error);
  co_await reply.write(std::move(chunk));
}

}  // namespace

base::SteadyTime WatchPace::written(base::SteadyTime now) {
  paid_until_ = std::max(paid_until_, now) + kPace;
  return paid_until_ - kPace * kBurst;
}

Task<void> serve_watch(WatchRequest watch, WatchEncoder encoder, Reply& reply) {
  const auto began = watch.clock.steady_now();
  const bool initial = starts_with_present(watch.options);
  auto from = watch.options.revision.value_or(0);
  std::vector<ObjectPtr> present;
  if (initial || from == 0) from = watch.store.revision();
  if (initial) {
    const auto see = [&](const ObjectPtr& object) {
      if (watch.options.matches(*object)) present.push_back(object);
      return true;
    };
    watch.store.visit(watch.resource.group_resource(), watch.ns, from, {}, see).value();
  }
  auto watcher = watch.store.watch_part(watch.resource.group_resource(), {watch.ns, watch.options.fields.name()}, from);

  std::string content_type = "application/json";
  http::Headers none;
  co_await reply.start_stream(200, std::move(content_type), std::move(none));
  if (!watcher) {
    co_await write_error(watcher.error(), reply);
    co_return;
  }
  const bool there = co_await write_present(std::move(present), encoder, reply);
  if (!there) co_return;
  if (initial && watch.options.bookmarks) {
    std::string chunk;
    encoder.bookmark(chunk, from, true);
    co_await reply.write(std::move(chunk));
  }

  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group(executor, "watch");
  const auto interval = watch.options.bookmarks ? std::optional(watch.bookmark_interval) : std::nullopt;
  group.spawn("ring", ring(watch.clock, **watcher, began + watch.timeout, interval));
  WatchLoop loop(watch, encoder, **watcher, reply, from, began);
  std::exception_ptr failure;
  try {
    co_await loop.run();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state();
  co_await group.stop();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace berth::api
