#include "api/http/websocket.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

Task<void> EngineWireHandlers::stat_path(Exchange& exchange) {
  auto looked = co_await engine_.stat_path(exchange.name, exchange.value("path"), patience());
  const auto text = path_stat_json(value_or_refuse(std::move(looked))).dump();
  http::Headers headers;
  headers.emplace_back("X-Docker-Container-Path-Stat", http::encode_base64(text));
  std::string nothing;
  std::string type;
  co_await exchange.writer.respond(200, std::move(type), std::move(nothing), std::move(headers));
}

Task<void> EngineWireHandlers::get_archive(Exchange& exchange) {
  auto opened = co_await engine_.read_archive(exchange.name, exchange.value("path"), patience());
  const auto archive = value_or_refuse(std::move(opened));
  std::string type = "application/x-tar";
  http::Headers none;
  co_await exchange.writer.start_stream(200, std::move(type), std::move(none));
  while (true) {
    auto piece = co_await archive->next();
    if (piece.has_error() || piece->empty()) co_return;
    const bool there = co_await exchange.writer.write(std::move(*piece));
    if (!there) co_return;
  }
}

Task<void> EngineWireHandlers::put_archive(Exchange& exchange) {
  auto source = [body = exchange.request.body]() mutable { return whole(std::exchange(body, std::string())); };
  auto written = co_await engine_.write_archive(exchange.name, exchange.value("path"), std::move(source));
  value_or_refuse(std::move(written));
  co_await answer_nothing(exchange, 200);
}

Task<Result<std::string>> EngineWireHandlers::whole(std::string body) { co_return body; }

}  // namespace berth::fakes
