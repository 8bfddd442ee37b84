#include "api/server/watch_stream.h"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>

#include "api/server/status_error.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::api {

namespace {

constexpr std::size_t kChunk = 64 * 1024;

std::string line(const char* type, const std::string& object) {
  return std::string("{\"type\":\"") + type + "\",\"object\":" + object + "}\n";
}

// What a watcher had last, at the revision at which it lost sight of it.
std::string departed(const Object& last, storage::Revision revision) {
  json body = last.body();
  body["metadata"]["resourceVersion"] = std::to_string(revision);
  return crd::dump(body);
}

// One place between the task that waits for changes and the one that writes them; a change waits in it until it is written.
struct Handover {
  explicit Handover(const Executor& executor) : filled(executor), emptied(executor) {}
  std::optional<Result<storage::WatchEvent>> event;
  base::Signal filled;
  base::Signal emptied;
};

Task<void> pump(storage::Watcher& watcher, std::shared_ptr<Handover> handover) {
  while (true) {
    auto event = co_await watcher.next();
    const bool last = event.has_error();
    handover->event.emplace(std::move(event));
    handover->filled.notify_all();
    if (last) co_return;
    while (handover->event) co_await handover->emptied.wait();
  }
}

// Appends what a change means to this watcher. False: nothing comes after it.
bool append(std::string& chunk, const Result<storage::WatchEvent>& event, const ListOptions& options) {
  if (event.has_value()) {
    chunk += watch_line(*event, options);
    return true;
  }
  if (event.error().reason != Reason::Cancelled) chunk += watch_error_line(event.error());
  return false;
}

Task<void> deliver(base::Clock& clock, storage::Watcher& watcher, std::shared_ptr<Handover> handover,
                   const ListOptions& options, base::SteadyTime end, Reply& reply) {
  bool more = true;
  while (more) {
    while (!handover->event) {
      if (end == base::SteadyTime::max()) {
        co_await handover->filled.wait();
      } else if (clock.steady_now() >= end) {
        co_return;
      } else {
        co_await handover->filled.wait_until(clock, end);
      }
    }
    std::string chunk;
    more = append(chunk, *handover->event, options);
    while (more && chunk.size() < kChunk) {
      const auto next = watcher.poll();
      if (!next) break;
      more = append(chunk, *next, options);
    }
    if (!chunk.empty()) {
      const bool there = co_await reply.write(std::move(chunk));
      more = more && there;
    }
    handover->event.reset();
    handover->emptied.notify_all();
  }
}

Task<bool> write_present(const ListResult& present, const ListOptions& options, Reply& reply) {
  std::string chunk;
  for (const auto& object : present.items) {
    if (!options.matches(*object)) continue;
    chunk += line("ADDED", object->bytes());
    if (chunk.size() < kChunk) continue;
    const bool more = co_await reply.write(std::move(chunk));
    if (!more) co_return false;
    chunk.clear();
  }
  if (chunk.empty()) co_return true;
  const bool more = co_await reply.write(std::move(chunk));
  co_return more;
}

}  // namespace

std::string watch_line(const storage::WatchEvent& event, const ListOptions& options) {
  using storage::EventType;
  if (event.type == EventType::Bookmark || !event.object) return {};
  if (event.type == EventType::Added) {
    return options.matches(*event.object) ? line("ADDED", event.object->bytes()) : std::string();
  }
  if (event.type == EventType::Deleted) {
    return options.matches(*event.object) ? line("DELETED", event.object->bytes()) : std::string();
  }
  const auto& before = event.previous ? event.previous : event.object;
  const bool was_seen = options.matches(*before);
  const bool is_seen = options.matches(*event.object);
  if (is_seen) return line(was_seen ? "MODIFIED" : "ADDED", event.object->bytes());
  return was_seen ? line("DELETED", departed(*before, event.revision)) : std::string();
}

std::string watch_error_line(const Error& error) {
  json status = to_status(error);
  return line("ERROR", crd::dump(status));
}

Task<void> serve_watch(Registry& registry, base::Clock& clock, const crd::ResourceInfo& resource, std::string ns,
                       ListOptions options, Reply& reply) {
  const auto end = options.timeout ? clock.steady_now() + *options.timeout : base::SteadyTime::max();
  ListResult present;
  auto from = options.revision.value_or(0);
  if (from == 0) {
    present = registry.list(resource, ns);
    from = present.revision;
  }
  auto watcher = registry.watch(resource, ns, from);

  std::string content_type = "application/json";
  http::Headers none;
  co_await reply.start_stream(200, std::move(content_type), std::move(none));
  if (!watcher) {
    std::string error = watch_error_line(watcher.error());
    co_await reply.write(std::move(error));
    co_return;
  }
  const bool there = co_await write_present(present, options, reply);
  if (!there) co_return;
  present.items.clear();

  const auto executor = co_await asio::this_coro::executor;
  auto handover = std::make_shared<Handover>(executor);
  TaskGroup group(executor, "watch");
  group.spawn("pump", pump(**watcher, handover));
  std::exception_ptr failure;
  try {
    co_await deliver(clock, **watcher, handover, options, end, reply);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state();
  co_await group.stop();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace berth::api
