#include "controller/engine/http_engine.h"

#include "api/http/uri.h"
#include "controller/engine/codec.h"
#include "controller/engine/event_reader.h"
#include "controller/engine/http_engine_impl.h"

namespace berth::engine {

namespace {

constexpr std::uint16_t kDockerPort = 2375;
constexpr auto kSubscribeTime = std::chrono::seconds(10);

Error not_a_docker_host(std::string_view text, std::string_view why) {
  return base::error(Reason::BadRequest, "Docker host \"" + std::string(text) + "\": " + std::string(why) +
                                             "; write unix:///var/run/docker.sock or tcp://host:2375");
}

}  // namespace

std::unique_ptr<Engine> make_http_engine(Executor executor, base::Clock& clock, http::Endpoint endpoint,
                                         metrics::EngineMetrics& metrics) {
  return std::make_unique<HttpEngine>(executor, clock, std::move(endpoint), metrics);
}

Result<http::Endpoint> parse_docker_host(std::string_view text) {
  if (text.empty()) text = "unix:///var/run/docker.sock";
  for (const std::string_view scheme : {"ssh://", "npipe://", "fd://", "https://"}) {
    if (text.starts_with(scheme)) {
      return not_a_docker_host(text, std::string(scheme) + " is not supported");
    }
  }
  auto endpoint = http::parse_endpoint(text, kDockerPort);
  if (endpoint && endpoint->kind == http::Endpoint::Kind::Tcp && endpoint->port == 0) {
    return not_a_docker_host(text, "a port is a number from 1 to 65535");
  }
  if (endpoint) return endpoint;
  // Its examples are of berth's own addresses.
  const auto& message = endpoint.error().message;
  const auto quoted = text.size() + 4;  // "...":_
  return not_a_docker_host(text, message.substr(quoted, message.rfind("; ") - quoted));
}

HttpEngine::HttpEngine(Executor executor, base::Clock& clock, http::Endpoint endpoint,
                       metrics::EngineMetrics& metrics)
    : executor_(executor), wire_(executor, clock, std::move(endpoint), metrics) {}

HttpEngine::~HttpEngine() = default;

Task<void> HttpEngine::stop() {
  auto readers = std::move(readers_);
  readers_.clear();
  for (const auto& reader : readers) co_await reader->stop();
}

void HttpEngine::drop_event_streams() {
  for (const auto& reader : readers_) reader->cancel();
}

Task<Result<void>> HttpEngine::ping(base::Deadline deadline) { return wire_.negotiate(deadline); }

Task<Result<EngineInfo>> HttpEngine::info(base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::Info, "/info", deadline);
  if (!body) co_return body.error();
  auto info = info_from_json(*body);
  info.api_version = wire_.api_version();
  cpus_ = info.cpus;
  co_return info;
}

Task<Result<int>> HttpEngine::cpus(base::Deadline deadline) {
  if (cpus_ == 0) {
    auto answer = co_await info(deadline);
    if (!answer) co_return answer.error();
  }
  co_return cpus_;
}

Task<Result<std::unique_ptr<EventStream>>> HttpEngine::events(std::int64_t since_nano) {
  std::erase_if(readers_, [](const auto& reader) { return reader->ended(); });
  auto target = "/events?filters=" + event_filter();
  if (since_nano > 0) target += "&since=" + since_text(since_nano);
  auto request = plain("GET", std::move(target));
  const auto deadline = base::Deadline::after(wire_.clock().steady_now(), kSubscribeTime);
  auto stream = co_await wire_.open(Operation::Events, std::move(request), deadline);
  if (!stream) co_return stream.error();
  auto reader = std::make_shared<EventReader>(executor_);
  reader->start(std::move(*stream));
  readers_.push_back(reader);
  co_return make_event_stream(std::move(reader));
}

Result<void> without_value(const Result<http::ClientResponse>& answer) {
  if (!answer) return answer.error();
  return {};
}

std::string container_target(std::string_view id, std::string_view action) {
  return "/containers/" + http::percent_encode(id) + std::string(action);
}

std::string network_target(std::string_view id, std::string_view action) {
  return "/networks/" + http::percent_encode(id) + std::string(action);
}

}  // namespace berth::engine
