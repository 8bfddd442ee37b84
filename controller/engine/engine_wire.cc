#include "controller/engine/engine_wire.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "controller/engine/codec.h"

namespace berth::engine {

namespace {

constexpr int kMajor = 1;
constexpr int kLeastMinor = 41;
constexpr int kMostMinor = 51;
const std::string kMost = std::to_string(kMajor) + "." + std::to_string(kMostMinor);
constexpr auto kNegotiationTime = std::chrono::seconds(10);
constexpr std::size_t kErrorBody = 64 * 1024;

bool is_slow(Operation operation) {
  return operation == Operation::ContainerStart || operation == Operation::ContainerStop ||
         operation == Operation::ContainerRemove || operation == Operation::ContainerCopy;
}

// They never wait for a container: when they are late, the engine hangs.
bool is_sign_of_life(Operation operation) {
  return operation == Operation::Ping || operation == Operation::Info || operation == Operation::Events ||
         operation == Operation::ContainerList || operation == Operation::NetworkList;
}

// The next piece; why there is none is noted.
Task<Result<std::string>> noting(http::BodySource& body, std::optional<Error>& failure) {
  auto piece = co_await body();
  if (piece.has_error()) failure = piece.error();
  co_return piece;
}

http::ClientOptions unlimited() {
  http::ClientOptions options;
  options.max_connections = std::numeric_limits<std::size_t>::max();
  return options;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::string> choose_api_version(std::string_view offered) {
  const auto dot = offered.find('.');
  const auto major = number(offered.substr(0, dot));
  const auto minor = dot == std::string_view::npos ? std::nullopt : number(offered.substr(dot + 1));
  if (!major || !minor) {
    return base::error(Reason::EngineError, "not a Docker engine: its /_ping has no Api-Version (\"" +
                                                std::string(offered) + "\")");
  }
  if (*major < kMajor || (*major == kMajor && *minor < kLeastMinor)) {
    return base::error(Reason::EngineError, "the engine speaks API " + std::string(offered) +
                                                "; berth needs 1.41 (Docker 20.10) or later");
  }
  return "1." + std::to_string(*major > kMajor ? kMostMinor : std::min(*minor, kMostMinor));
}

http::ClientRequest post(std::string target, const nlohmann::json& body) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.body = to_text(body);
  request.content_type = "application/json";
  request.idempotent = false;
  return request;
}

http::ClientRequest plain(std::string method, std::string target) {
  http::ClientRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  return request;
}

EngineWire::EngineWire(Executor executor, base::Clock& clock, http::Endpoint endpoint,
                       metrics::EngineMetrics& metrics)
    : clock_(clock),
      metrics_(metrics),
      quick_(executor, clock, endpoint),
      slow_(executor, clock, endpoint, unlimited()) {}

void EngineWire::meter(Operation operation, int status, base::SteadyTime begin) {
  const std::chrono::duration<double> took = clock_.steady_now() - begin;
  metrics_.request(std::string(name_of(operation)), status == 0 ? "error" : std::to_string(status),
                   took.count());
}

Error EngineWire::transport_error(Operation operation, Error error) {
  const auto message = std::string(name_of(operation)) + ": " + error.message;
  if (error.reason != Reason::ServiceUnavailable && error.reason != Reason::Timeout) {
    return base::error(Reason::EngineError, message);
  }
  version_.clear();
  // A single call that is late says nothing about the engine as a whole, unless it is one that never is.
  if (error.reason == Reason::ServiceUnavailable || is_sign_of_life(operation)) metrics_.up(false);
  return base::error(Reason::EngineUnavailable, message);
}

Error EngineWire::refusal(Operation operation, int status, std::string message) {
  const bool is_too_new =
      status == 400 && message.find("client version " + kMost + " is too old") != std::string::npos;
  auto error = classify(operation, status, std::move(message));
  if (is_too_new) {
    metrics_.up(false);
    error.message = std::string(name_of(operation)) + ": the engine is too new: API " + kMost +
                    " is the latest that this berth speaks (" + error.message + ")";
  }
  if (error.reason == Reason::EngineUnavailable) version_.clear();
  return error;
}

Error EngineWire::lost(Error error) {
  version_.clear();
  return base::error(Reason::EngineUnavailable, std::move(error.message));
}

Task<Result<void>> EngineWire::negotiate(base::Deadline deadline) {
  const auto begin = clock_.steady_now();
  auto request = plain("GET", "/_ping");
  auto answer = co_await quick_.request(std::move(request), deadline.capped(begin, kNegotiationTime));
  meter(Operation::Ping, answer ? answer->status : 0, begin);
  if (!answer) co_return transport_error(Operation::Ping, answer.error());
  if (answer->status != 200) co_return refusal(Operation::Ping, answer->status, message_of(answer->body));
  auto version = choose_api_version(answer->header("Api-Version"));
  if (!version) co_return version.error();
  version_ = *version;
  metrics_.up(true);
  co_return Result<void>();
}

Task<Result<std::string>> EngineWire::version_for(Operation operation, base::Deadline deadline) {
  if (version_.empty()) {
    auto negotiated = co_await negotiate(deadline);
    if (!negotiated) {
      auto error = negotiated.error();
      error.message = std::string(name_of(operation)) + ": " + error.message;
      co_return error;
    }
  }
  co_return version_;
}

Task<Result<bool>> EngineWire::speaks(Operation operation, int minor, base::Deadline deadline) {
  auto version = co_await version_for(operation, deadline);
  if (!version) co_return version.error();
  co_return number(version->substr(version->find('.') + 1)).value_or(0) >= minor;
}

Task<Result<http::ClientResponse>> EngineWire::send(Operation operation, http::ClientRequest request,
                                                    base::Deadline deadline) {
  auto version = co_await version_for(operation, deadline);
  if (!version) co_return version.error();
  request.target = "/v" + *version + request.target;
  const auto begin = clock_.steady_now();
  auto& client = is_slow(operation) ? slow_ : quick_;
  auto answer = co_await client.request(std::move(request), deadline);
  meter(operation, answer ? answer->status : 0, begin);
  if (!answer) co_return transport_error(operation, answer.error());
  metrics_.up(true);
  if (answer->status >= 200 && answer->status < 300) co_return answer;
  auto message = message_of(answer->body);
  if (is_already_done(operation, answer->status, message)) co_return answer;
  co_return refusal(operation, answer->status, std::move(message));
}

Task<Result<nlohmann::json>> EngineWire::get_json(Operation operation, std::string target,
                                                  base::Deadline deadline) {
  auto request = plain("GET", std::move(target));
  auto answer = co_await send(operation, std::move(request), deadline);
  if (!answer) co_return answer.error();
  auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (body.is_discarded())
    co_return base::error(Reason::EngineError, std::string(name_of(operation)) + ": the answer is no JSON");
  // json can be made of anything, so Result<json> has to be told.
  co_return Result<nlohmann::json>(boost::system::in_place_value, std::move(body));
}

Task<Result<nlohmann::json>> EngineWire::get(Operation operation, std::string target,
                                             base::Deadline deadline) {
  auto body = co_await get_json(operation, std::move(target), deadline);
  if (body && !body->is_object()) {
    co_return base::error(Reason::EngineError,
                          std::string(name_of(operation)) + ": the answer is no JSON object");
  }
  co_return body;
}

Task<Result<nlohmann::json>> EngineWire::list(Operation operation, std::string target,
                                              base::Deadline deadline) {
  auto body = co_await get_json(operation, std::move(target), deadline);
  const auto is_object = [](const nlohmann::json& item) { return item.is_object(); };
  if (body && !(body->is_array() && std::all_of(body->begin(), body->end(), is_object))) {
    co_return base::error(Reason::EngineError,
                          std::string(name_of(operation)) + ": the answer is no array of JSON objects");
  }
  co_return body;
}

Task<Result<std::unique_ptr<http::ClientStream>>> EngineWire::open(Operation operation,
                                                                   http::ClientRequest request,
                                                                   base::Deadline deadline) {
  auto version = co_await version_for(operation, deadline);
  if (!version) co_return version.error();
  request.target = "/v" + *version + request.target;
  const auto begin = clock_.steady_now();
  auto stream = co_await quick_.stream(std::move(request), deadline);
  meter(operation, stream ? (*stream)->status() : 0, begin);
  if (!stream) co_return transport_error(operation, stream.error());
  metrics_.up(true);
  const int status = (*stream)->status();
  if (status >= 200 && status < 300) co_return std::move(*stream);
  auto body = co_await (*stream)->read_all(deadline, kErrorBody);
  co_return refusal(operation, status, body ? message_of(*body) : body.error().message);
}

Task<Result<http::ClientResponse>> EngineWire::upload(Operation operation, http::ClientRequest request, http::BodySource body,
                                                      base::Duration patience) {
  const auto deadline = base::Deadline::after(clock_.steady_now(), patience);
  auto version = co_await version_for(operation, deadline);
  if (!version) co_return version.error();
  request.target = "/v" + *version + request.target;
  const auto begin = clock_.steady_now();
  std::optional<Error> no_body;
  auto source = [&no_body, &body] { return noting(body, no_body); };
  auto answer = co_await slow_.upload(std::move(request), std::move(source), patience);
  meter(operation, answer ? answer->status : 0, begin);
  if (no_body) co_return *no_body;
  if (!answer) co_return transport_error(operation, answer.error());
  metrics_.up(true);
  if (answer->status >= 200 && answer->status < 300) co_return answer;
  co_return refusal(operation, answer->status, message_of(answer->body));
}

Task<Result<std::shared_ptr<http::ByteStream>>> EngineWire::upgrade(Operation operation, http::ClientRequest request,
                                                                    base::Deadline deadline) {
  auto version = co_await version_for(operation, deadline);
  if (!version) co_return version.error();
  request.target = "/v" + *version + request.target;
  const auto begin = clock_.steady_now();
  std::string protocol = "tcp";
  auto answer = co_await quick_.upgrade(std::move(request), std::move(protocol), deadline);
  meter(operation, answer ? answer->response.status : 0, begin);
  if (!answer) co_return transport_error(operation, answer.error());
  metrics_.up(true);
  if (answer->stream) co_return std::move(answer->stream);
  co_return refusal(operation, answer->response.status, message_of(answer->response.body));
}

}  // namespace berth::engine
