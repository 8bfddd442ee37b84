#pragma once

#include <random>
#include <string>

#include "api/server/options.h"
#include "api/server/reply.h"
#include "api/server/route.h"
#include "api/server/watch_encoder.h"
#include "base/turns.h"

namespace berth::api {

// get, list and watch, in the shape that reply.accepted() says. Loop thread only; outlives its requests. Each call answers its
// request, errors too.
class ReadHandler {
 public:
  ReadHandler(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics);

  // GET of an object, or of its status.
  Task<void> get(const http::ServerRequest& request, const Route& route, Reply& reply);
  // GET of a collection: a list, or a watch.
  Task<void> collection(const http::ServerRequest& request, const Route& route, Reply& reply);

 private:
  Task<void> list(const Route& route, const ListOptions& options, IncludeObject include, Reply& reply);
  Task<void> send_list(const Route& route, ListPage page, IncludeObject include, Reply& reply);
  Task<void> watch(const Route& route, ListOptions options, IncludeObject include, Reply& reply);
  // Waits a little for a revision that is still to come. Errors: Timeout, ResourceVersionTooLarge.
  Task<Result<void>> wait_for(storage::Revision revision);
  base::Duration between(base::Duration least, base::Duration most);
  Shaper shaper(const Route& route, IncludeObject include, const Reply& reply);

  Registry& registry_;
  base::Clock& clock_;
  metrics::ApiMetrics& metrics_;
  TablePrinters printers_;
  WatchTexts texts_;
  base::Turns watch_turns_;
  std::mt19937_64 random_;
};

}  // namespace berth::api
