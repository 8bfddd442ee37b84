#include "api/server/read_handler.h"

#include "api/server/failure.h"
#include "api/server/watch_stream.h"

namespace berth::api {

Task<void> ReadHandler::get(const http::ServerRequest&, const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(200, std::move(bytes));
}

Task<void> ReadHandler::collection(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto options = parse_list_options(request, *route.resource);
  if (!options) {
    co_await send_failure(options.error(), route, reply);
  } else if (options->watch && request.method == "GET") {
    co_await watch(route, std::move(*options), reply);
  } else {
    co_await list(route, *options, reply);
  }
}

Task<void> ReadHandler::list(const Route& route, const ListOptions& options, Reply& reply) {
  reply.set_labels("LIST", route.resource->plural);
  const auto result = registry_.list(*route.resource, route.ns);
  const auto asked = options.revision.value_or(0);
  if (asked > result.revision) {
    auto error = base::error(Reason::Timeout, "Timeout: Too large resource version: " + std::to_string(asked) +
                                                  ", current: " + std::to_string(result.revision));
    error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
    co_await send_failure(std::move(error), route, reply);
    co_return;
  }
  if (options.exact && asked != result.revision) {
    auto error = base::error(Reason::Expired, "The resourceVersion for the provided list is too old.");
    co_await send_failure(std::move(error), route, reply);
    co_return;
  }
  const auto& gvk = route.resource->gvk;
  std::string bytes = "{\"apiVersion\":" + crd::dump(gvk.api_version()) + ",\"items\":[";
  bool first = true;
  for (const auto& object : result.items) {
    if (!options.matches(*object)) continue;
    if (!first) bytes += ',';
    first = false;
    bytes += object->bytes();
  }
  bytes += "],\"kind\":" + crd::dump(gvk.kind + "List") + ",\"metadata\":{\"continue\":\"\",\"resourceVersion\":\"" +
           std::to_string(result.revision) + "\"}}";
  co_await reply.send_bytes(200, std::move(bytes));
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

Task<void> ReadHandler::watch(const Route& route, ListOptions options, Reply& reply) {
  reply.set_labels("WATCH", route.resource->plural);
  const WatcherCount count(metrics_, route.resource->plural);
  co_await serve_watch(registry_, clock_, *route.resource, route.ns, std::move(options), reply);
}

}  // namespace berth::api
