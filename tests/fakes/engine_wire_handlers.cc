#include "tests/fakes/engine_wire_handlers.h"

#include "api/http/uri.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_error.h"

namespace berth::fakes {

namespace {

constexpr auto kPatience = std::chrono::minutes(10);
constexpr int kOldestMinor = 12;

std::vector<std::string> path_segments(std::string_view target) {
  auto path = target.substr(0, target.find('?'));
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    auto decoded = http::percent_decode(path.substr(0, slash), false);
    segments.push_back(decoded ? *decoded : std::string(path.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash);
  }
  return segments;
}

// "1.41" is 41; nullopt for what is no version.
std::optional<int> minor_version(const std::string& text) {
  if (!text.starts_with("1.") || text.size() > 6 || text.find_first_not_of("0123456789", 2) != std::string::npos) return std::nullopt;
  return std::stoi("0" + text.substr(2));
}

// What the star of the pattern stands for; nullopt when the pattern does not fit.
std::optional<std::string> fit(std::string_view pattern, const std::vector<std::string>& segments) {
  const auto wanted = path_segments(pattern);
  if (segments.size() < wanted.size()) return std::nullopt;
  std::string star;
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*" || wanted[i] == "**") {
      star = segments[at++];
      const auto behind = wanted.size() - i - 1;
      while (wanted[i] == "**" && segments.size() - at > behind) star += "/" + segments[at++];
    } else if (segments[at++] != wanted[i]) {
      return std::nullopt;
    }
  }
  return at == segments.size() ? std::optional(star) : std::nullopt;
}

}  // namespace

void refuse(const Error& error) { throw WireRefusal{wire_status(error), error.message}; }

EngineWireHandlers::EngineWireHandlers(Executor executor, base::Clock& clock, FakeEngine& engine)
    : clock_(clock), engine_(engine), tasks_(executor, "engine_wire") {}

Task<void> EngineWireHandlers::stop() {
  tasks_.cancel();
  co_await tasks_.join();
}

base::Deadline EngineWireHandlers::patience() const { return base::Deadline::after(clock_.steady_now(), kPatience); }

bool EngineWireHandlers::Exchange::flag(std::string_view key) const {
  const auto text = request.query_value(key);
  return text == "1" || text == "true" || text == "True";
}

std::string EngineWireHandlers::Exchange::value(std::string_view key) const { return request.query_value(key).value_or(""); }

EngineWireHandlers::Json EngineWireHandlers::Exchange::body() const {
  auto body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) throw WireRefusal{400, "the body is no JSON object"};
  return body;
}

const std::vector<EngineWireHandlers::Route>& EngineWireHandlers::routes() {
  using H = EngineWireHandlers;
  static const std::vector<Route> table = {
      {"GET", "/_ping", &H::ping},
      {"HEAD", "/_ping", &H::ping},
      {"GET", "/version", &H::version},
      {"GET", "/info", &H::info},
      {"GET", "/events", &H::events},
      {"GET", "/containers/json", &H::list_containers},
      {"POST", "/containers/create", &H::create_container},
      {"GET", "/containers/*/json", &H::inspect_container},
      {"POST", "/containers/*/start", &H::start_container},
      {"POST", "/containers/*/stop", &H::stop_container},
      {"POST", "/containers/*/kill", &H::kill_container},
      {"POST", "/containers/*/update", &H::update_container},
      {"DELETE", "/containers/*", &H::remove_container},
      {"HEAD", "/containers/*/archive", &H::stat_path},
      {"GET", "/containers/*/archive", &H::get_archive},
      {"PUT", "/containers/*/archive", &H::put_archive},
      {"GET", "/containers/*/stats", &H::stats},
      {"GET", "/containers/*/logs", &H::logs},
      {"POST", "/containers/*/attach", &H::attach},
      {"POST", "/containers/*/resize", &H::resize_container},
      {"POST", "/containers/*/exec", &H::create_exec},
      {"POST", "/exec/*/start", &H::start_exec},
      {"GET", "/exec/*/json", &H::inspect_exec},
      {"POST", "/exec/*/resize", &H::resize_exec},
      {"GET", "/networks", &H::list_networks},
      {"POST", "/networks/create", &H::create_network},
      {"GET", "/networks/*", &H::inspect_network},
      {"DELETE", "/networks/*", &H::remove_network},
      {"POST", "/networks/*/connect", &H::connect_network},
      {"POST", "/networks/*/disconnect", &H::disconnect_network},
      {"GET", "/volumes", &H::list_volumes},
      {"DELETE", "/volumes/*", &H::remove_volume},
      {"GET", "/images/**/json", &H::inspect_image},
      {"POST", "/images/create", &H::pull_image},
  };
  return table;
}

Task<void> EngineWireHandlers::handle(std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer) {
  std::optional<WireRefusal> refusal;
  try {
    co_await dispatch(*request, writer);
  } catch (const WireRefusal& thrown) {
    refusal = thrown;
  }
  if (!refusal) co_return;
  json body = json::object();
  body["message"] = refusal->message;
  Exchange exchange{*request, writer, ""};
  co_await answer(exchange, refusal->status, std::move(body));
}

Task<void> EngineWireHandlers::dispatch(const http::ServerRequest& request, http::ResponseWriter& writer) {
  auto segments = path_segments(request.target);
  const auto& newest = engine_.engine_info.api_version;
  if (!segments.empty() && segments.front().starts_with("v1.")) {
    const auto asked = segments.front().substr(1);
    const auto minor = minor_version(asked);
    if (minor && *minor > minor_version(newest).value_or(0)) {
      throw WireRefusal{400, "client version " + asked + " is too new. Maximum supported API version is " + newest};
    }
    if (minor && *minor < kOldestMinor) {
      throw WireRefusal{400, "client version " + asked + " is too old. Minimum supported API version is 1." + std::to_string(kOldestMinor) +
                                 ", please upgrade your client to a newer version"};
    }
    if (minor) segments.erase(segments.begin());
  }
  for (const auto& route : routes()) {
    if (route.method != request.method) continue;
    auto name = fit(route.pattern, segments);
    if (!name) continue;
    Exchange exchange{request, writer, std::move(*name)};
    co_await (this->*route.handler)(exchange);
    co_return;
  }
  throw WireRefusal{404, "page not found"};
}

Task<void> EngineWireHandlers::answer(Exchange& exchange, int status, Json body) {
  std::string type = "application/json";
  auto text = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  http::Headers none;
  co_await exchange.writer.respond(status, std::move(type), std::move(text), std::move(none));
}

Task<void> EngineWireHandlers::answer_nothing(Exchange& exchange, int status) {
  std::string type;
  std::string text;
  http::Headers none;
  co_await exchange.writer.respond(status, std::move(type), std::move(text), std::move(none));
}

Task<void> EngineWireHandlers::ping(Exchange& exchange) {
  auto alive = co_await engine_.ping(patience());
  value_or_refuse(std::move(alive));
  http::Headers headers;
  headers.emplace_back("Api-Version", engine_.engine_info.api_version);
  headers.emplace_back("Docker-Experimental", "false");
  headers.emplace_back("Ostype", "linux");
  headers.emplace_back("Server", "Docker/" + engine_.engine_info.version + " (linux)");
  std::string type = "text/plain; charset=utf-8";
  std::string text = "OK";
  co_await exchange.writer.respond(200, std::move(type), std::move(text), std::move(headers));
}

Task<void> EngineWireHandlers::version(Exchange& exchange) {
  const auto& info = engine_.engine_info;
  json body = {{"Version", info.version}, {"ApiVersion", info.api_version}, {"Os", "linux"}, {"Arch", "amd64"}};
  body["MinAPIVersion"] = "1." + std::to_string(kOldestMinor);
  co_await answer(exchange, 200, std::move(body));
}

Task<void> EngineWireHandlers::info(Exchange& exchange) {
  auto answered = co_await engine_.info(patience());
  const auto info = value_or_refuse(std::move(answered));
  json body = {{"ID", info.id},
               {"ServerVersion", info.version},
               {"NCPU", info.cpus},
               {"MemTotal", info.memory_bytes},
               {"OperatingSystem", info.operating_system},
               {"OSType", "linux"},
               {"Architecture", "x86_64"},
               {"Driver", "overlay2"},
               {"Name", "simulator"},
               {"Containers", engine_.containers().size()}};
  co_await answer(exchange, 200, std::move(body));
}

Task<void> EngineWireHandlers::inspect_image(Exchange& exchange) {
  auto image = co_await engine_.inspect_image(exchange.name, patience());
  auto body = image_json(value_or_refuse(std::move(image)), exchange.name);
  co_await answer(exchange, 200, std::move(body));
}

// What is wrong before the first byte has a status of its own; later failures come in band, with 200.
Task<void> EngineWireHandlers::pull_image(Exchange& exchange) {
  const auto repository = exchange.value("fromImage");
  const auto tag = exchange.value("tag");
  if (repository.empty() || tag.empty()) throw WireRefusal{400, "a pull needs fromImage and tag"};
  auto reference = repository + (tag.find(':') == std::string::npos ? ":" : "@") + tag;
  auto platform = exchange.value("platform");
  auto pulled = co_await engine_.pull_image(reference, std::move(platform), patience());
  if (!pulled) {
    const auto& error = pulled.error();
    const bool early = error.reason == Reason::ImageNotFound || error.reason == Reason::InvalidSpec;
    if (early || error.reason == Reason::EngineUnavailable || !error.causes.empty()) refuse(error);
  }
  std::string type = "application/json";
  http::Headers none;
  co_await exchange.writer.start_stream(200, std::move(type), std::move(none));
  json begin = {{"status", "Pulling from " + repository}, {"id", tag}};
  auto lines = begin.dump() + "\n";
  json end = json::object();
  if (pulled) {
    end["status"] = "Status: Downloaded newer image for " + reference;
  } else {
    end["error"] = pulled.error().message;
    end["errorDetail"]["message"] = pulled.error().message;
  }
  lines += end.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  co_await exchange.writer.write(std::move(lines));
}

}  // namespace berth::fakes
