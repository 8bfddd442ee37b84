#include "api/server/read_handler.h"

#include "api/identity.h"
#include "api/server/failure.h"
#include "api/server/status_error.h"
#include "api/server/watch_stream.h"

namespace berth::api {

namespace {

using namespace std::chrono_literals;

constexpr auto kRevisionPatience = 3s;
constexpr std::size_t kListChunk = 256 * 1024;
// Of a burst of changes: a request waits for so many watchers to be served, not for all.
constexpr std::size_t kWatchesAtOnce = 4;

// A few answers of a Kubernetes server carry no reason.
json without_reason(const Error& error) {
  json status = to_status(error);
  status.erase("reason");
  return status;
}

Error no_list() { return base::error(Reason::InternalError, "content is not a list"); }

Error no_object(const Route& route) {
  return base::error(Reason::NotAcceptable, "you requested PartialObjectMetadata, but the requested object is a list (" +
                                                route.resource->gvk.kind + "List)");
}

}  // namespace

ReadHandler::ReadHandler(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics)
    : registry_(registry), clock_(clock), metrics_(metrics), watch_turns_(kWatchesAtOnce), random_(make_random()) {}

Task<Result<void>> ReadHandler::wait_for(storage::Revision revision) {
  auto& store = registry_.store();
  if (revision <= store.revision()) co_return Result<void>();
  const bool reached = co_await store.reach(revision, clock_, clock_.steady_now() + kRevisionPatience);
  if (reached) co_return Result<void>();
  auto error = base::error(Reason::Timeout, "Timeout: Too large resource version: " + std::to_string(revision) +
                                                ", current: " + std::to_string(store.revision()));
  error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  co_return error;
}

Shaper ReadHandler::shaper(const Route& route, IncludeObject include, const Reply& reply) {
  return {*route.resource, reply.accepted(), include, printers_.of(*route.resource), clock_.system_now()};
}

Task<void> ReadHandler::get(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto include = IncludeObject::Metadata;
  if (!request.query.empty()) {
    auto asked = parse_include_object(request);
    if (asked.has_value()) include = *asked;
    auto revision = parse_get_revision(request);
    if (!revision) {
      co_await send_failure(revision.error(), route, reply);
      co_return;
    }
    if (!asked && reply.accepted().shape == Shape::Table) {
      co_await send_failure(asked.error(), route, reply);
      co_return;
    }
    auto reached = co_await wait_for(*revision);
    if (!reached) {
      co_await send_failure(reached.error(), route, reply);
      co_return;
    }
  }
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await send_failure(object.error(), route, reply);
  } else if (reply.accepted().shape == Shape::MetadataList) {
    auto status = without_reason(no_list());
    co_await reply.send_status(std::move(status));
  } else {
    std::string bytes;
    shaper(route, include, reply).append_object(bytes, **object);
    co_await reply.send_bytes(200, std::move(bytes));
  }
}

Task<void> ReadHandler::collection(const http::ServerRequest& request, const Route& route, Reply& reply) {
  const auto shape = reply.accepted().shape;
  auto options = parse_list_options(request, *route.resource);
  auto asked = parse_include_object(request);
  const auto include = asked.has_value() ? *asked : IncludeObject::Metadata;
  if (!options && options.error().reason == Reason::InternalError) {
    auto status = without_reason(options.error());
    co_await reply.send_status(std::move(status));
  } else if (!options) {
    co_await send_failure(options.error(), route, reply);
  } else if (!asked && shape == Shape::Table) {
    co_await send_failure(asked.error(), route, reply);
  } else if (options->watch && request.method == "GET") {
    co_await watch(route, std::move(*options), include, reply);
  } else if (shape == Shape::Metadata) {
    auto error = no_object(route);
    co_await send_failure(std::move(error), route, reply);
  } else {
    co_await list(route, *options, include, reply);
  }
}

Task<void> ReadHandler::list(const Route& route, const ListOptions& options, IncludeObject include, Reply& reply) {
  reply.set_labels("LIST", route.resource->plural);
  auto reached = co_await wait_for(options.revision.value_or(0));
  if (!reached) {
    co_await send_failure(reached.error(), route, reply);
    co_return;
  }
  auto page = read_page(registry_.store(), *route.resource, route.ns, options);
  if (page.has_value()) {
    co_await send_list(route, std::move(*page), include, reply);
  } else if (options.next) {
    json status = to_status(page.error());
    status["metadata"]["continue"] = encode_continue({ContinueToken::kInconsistent, options.next->start});
    co_await reply.send_status(std::move(status));
  } else {
    co_await send_failure(page.error(), route, reply);
  }
}

// A long list is sent while it is made: others have their turn between the pieces.
Task<void> ReadHandler::send_list(const Route& route, ListPage page, IncludeObject include, Reply& reply) {
  const auto shape = shaper(route, include, reply);
  TextFrame frame(shape.list_frame(page), reply.style());
  std::string text;
  std::string item;
  for (auto& object : page.items) {
    item.clear();
    shape.append_item(item, *object);
    frame.add(text, item);
    object.reset();
    if (text.size() < kListChunk) continue;
    if (!reply.started()) {
      auto content_type = reply.content_type();
      http::Headers none;
      co_await reply.start_stream(200, std::move(content_type), std::move(none));
    }
    const bool there = co_await reply.write(std::move(text));
    if (!there) co_return;
    text.clear();
  }
  text += frame.end();
  if (reply.started()) {
    co_await reply.write(std::move(text));
  } else {
    auto content_type = reply.content_type();
    http::Headers none;
    co_await reply.respond(200, std::move(content_type), std::move(text), std::move(none));
  }
}

base::Duration ReadHandler::between(base::Duration least, base::Duration most) {
  return base::Duration(std::uniform_int_distribution<base::Duration::rep>(least.count(), most.count())(random_));
}

namespace {

class WatcherCount {
 public:
  WatcherCount(metrics::ApiMetrics& metrics, std::string resource) : metrics_(metrics), resource_(std::move(resource)) {
    metrics_.watchers(resource_, 1);
  }
  WatcherCount(const WatcherCount&) = delete;
  ~WatcherCount() { metrics_.watchers(resource_, -1); }

 private:
  metrics::ApiMetrics& metrics_;
  std::string resource_;
};

}  // namespace

Task<void> ReadHandler::watch(const Route& route, ListOptions options, IncludeObject include, Reply& reply) {
  reply.set_labels("WATCH", route.resource->plural);
  if (options.send_initial_events.value_or(false)) {
    auto reached = co_await wait_for(options.revision.value_or(0));
    if (!reached) {
      co_await send_failure(reached.error(), route, reply);
      co_return;
    }
  }
  const WatcherCount count(metrics_, route.resource->plural);
  WatchEncoder encoder(*route.resource, reply.accepted(), include, printers_.of(*route.resource), clock_, texts_);
  const auto timeout = options.timeout ? base::Duration(*options.timeout) : between(30min, 60min);
  WatchRequest watch{registry_.store(), clock_, watch_turns_, *route.resource, route.ns, std::move(options), timeout, between(55s, 65s)};
  co_await serve_watch(std::move(watch), std::move(encoder), reply);
}

}  // namespace berth::api
