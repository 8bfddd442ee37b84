#include "api/server/upgrade_check.h"

#include "api/http/websocket.h"

namespace berth::api {

Task<void> refuse_upgrade(Reply& reply, int status, std::string text, http::Headers headers) {
  std::string type = "text/plain; charset=utf-8";
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  co_await reply.respond(status, std::move(type), std::move(text), std::move(headers));
}

Task<void> refuse_upgrade(Reply& reply, std::string text) { return refuse_upgrade(reply, 400, std::move(text), http::Headers()); }

Task<std::optional<std::string>> websocket_key(const http::ServerRequest& request, Reply& reply) {
  if (request.header("Sec-WebSocket-Version") != "13") {
    http::Headers headers{{"Sec-WebSocket-Version", "13"}};
    std::string text = "Sec-WebSocket-Version must be 13\n";
    co_await refuse_upgrade(reply, 400, std::move(text), std::move(headers));
    co_return std::nullopt;
  }
  auto accept = http::websocket_accept(request.header("Sec-WebSocket-Key"));
  if (accept.has_error()) {
    auto text = accept.error().message + "\n";
    co_await refuse_upgrade(reply, std::move(text));
    co_return std::nullopt;
  }
  co_return std::move(*accept);
}

}  // namespace berth::api
