#include "api/server/document_handler.h"

#include <ctime>

#include "api/server/discovery.h"
#include "api/server/document_media.h"

namespace berth::api {

namespace {

using Kind = Route::Kind;

constexpr const char* kJsonType = "application/json";
constexpr const char* kAggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
constexpr const char* kOpenApiV2Type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

// The plain form comes first: it is what "*/*" means.
const std::vector<DocumentForm>& discovery_forms() {
  static const std::vector<DocumentForm> kForms = {
      {kJsonType, {}},
      {"application/yaml", {}},
      {kJsonType, {{"as", "APIGroupDiscoveryList"}, {"g", "apidiscovery.k8s.io"}, {"v", "v2"}}}};
  return kForms;
}
constexpr std::size_t kAggregatedForm = 2;

// kubectl asks with "@", which no Content-Type may have.
const std::vector<DocumentForm>& openapi_v2_forms() {
  static const std::vector<DocumentForm> kForms = {
      {kJsonType, {}}, {kOpenApiV2Type, {}}, {"application/com.github.proto-openapi.spec.v2@v1.0+protobuf", {}}};
  return kForms;
}

const std::vector<DocumentForm>& openapi_v3_forms() {
  static const std::vector<DocumentForm> kForms = {{kJsonType, {}}};
  return kForms;
}

std::string http_date(base::SystemTime time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text.data(), length);
}

std::vector<HealthCheck> after_ping(std::vector<HealthCheck> checks) {
  checks.insert(checks.begin(), {"ping", {}});
  return checks;
}

Task<void> refuse_form(Reply& reply) {
  std::string no_type, no_body;
  http::Headers headers = {{"Vary", "Accept"}};
  co_await reply.respond(406, std::move(no_type), std::move(no_body), std::move(headers));
}

Task<void> no_such_document(Reply& reply) {
  auto error = base::error(Reason::NotFound, "the server could not find the requested resource");
  ErrorSubject none;
  co_await reply.send_error(std::move(error), std::move(none));
}

}  // namespace

DocumentHandler::DocumentHandler(const crd::Scheme& scheme, base::Clock& clock, std::string version, std::vector<HealthCheck> ready)
    : scheme_(scheme),
      clock_(clock),
      version_(std::move(version)),
      live_({{"ping", {}}}),
      ready_(after_ping(std::move(ready))),
      openapi_(scheme) {}

Task<void> DocumentHandler::handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply) {
  switch (route.kind) {
    case Kind::Health:
    case Kind::Ready: co_await health(*request, route, reply); break;
    case Kind::OpenApiV2: co_await openapi_v2(*request, reply); break;
    case Kind::OpenApiV3: co_await openapi_v3(*request, route, reply); break;
    case Kind::CoreVersions:
    case Kind::Groups: co_await discovery(*request, route, reply); break;
    default: co_await legacy(*request, route, reply);
  }
}

Task<void> DocumentHandler::health(const http::ServerRequest& request, const Route& route, Reply& reply) {
  const auto& checks = route.kind == Kind::Ready ? ready_ : live_;
  const auto word = request.path.substr(1, request.path.find('/', 1) - 1);
  auto answer = route.name.empty() ? check_health(word, checks, request.query) : check_one(route.name, checks);
  if (!answer) {
    co_await no_such_document(reply);
  } else {
    co_await reply.send_text(answer->healthy ? 200 : 503, std::move(answer->text));
  }
}

std::vector<std::string> DocumentHandler::check_paths() const {
  std::vector<std::string> paths;
  for (const auto& check : live_) {
    paths.push_back("healthz/" + check.name);
    paths.push_back("livez/" + check.name);
  }
  for (const auto& check : ready_) paths.push_back("readyz/" + check.name);
  return paths;
}

const Document& DocumentHandler::aggregated(bool core) {
  auto& kept = core ? aggregated_core_ : aggregated_groups_;
  if (kept.bytes.empty()) kept = make_document(crd::dump(aggregated_discovery(scheme_, core)) + "\n");
  return kept;
}

Task<void> DocumentHandler::discovery(const http::ServerRequest& request, const Route& route, Reply& reply) {
  const auto form = choose_form(request.header("Accept"), discovery_forms());
  if (form != kAggregatedForm) {
    co_await legacy(request, route, reply);
    co_return;
  }
  http::Headers headers = {{"Cache-Control", "public"}, {"Vary", "Accept"}};
  std::string type = kAggregatedType;
  co_await send(request, aggregated(route.kind == Kind::CoreVersions), std::move(type), std::move(headers), reply);
}

json DocumentHandler::legacy_document(const http::ServerRequest& request, const Route& route) const {
  switch (route.kind) {
    case Kind::Version: return version_info(version_);
    case Kind::CoreVersions: return api_versions(std::string(request.header("Host")));
    case Kind::Groups: return api_group_list(scheme_);
    case Kind::CustomKinds: return custom_kinds(scheme_);
    case Kind::Group: return api_group(scheme_, route.group);
    case Kind::Resources: return api_resource_list(scheme_, route.group, route.version);
    default: return root_paths(scheme_, check_paths());
  }
}

Task<void> DocumentHandler::legacy(const http::ServerRequest& request, const Route& route, Reply& reply) {
  json value = legacy_document(request, route);
  if (route.kind == Kind::Root || route.kind == Kind::Version) {  // always for people, whatever they accept
    std::string type = kJsonType;
    std::string text = crd::dump(value, 2) + "\n";
    http::Headers none;
    co_await reply.respond(200, std::move(type), std::move(text), std::move(none));
    co_return;
  }
  auto media = negotiate(request.header("Accept"), false);
  if (!media) {
    ErrorSubject none;
    co_await reply.send_error(media.error(), std::move(none));
    co_return;
  }
  reply.set_media(*media);
  co_await reply.send(200, std::move(value));
}

Task<void> DocumentHandler::openapi_v2(const http::ServerRequest& request, Reply& reply) {
  const auto form = choose_form(request.header("Accept"), openapi_v2_forms());
  if (!form) {
    co_await refuse_form(reply);
    co_return;
  }
  const auto& document = *form == 0 ? openapi_.v2() : openapi_.v2_protobuf();
  http::Headers headers = {{"Vary", "Accept"}};
  std::string type = *form == 0 ? kJsonType : kOpenApiV2Type;
  co_await send(request, document, std::move(type), std::move(headers), reply);
}

Task<void> DocumentHandler::openapi_v3(const http::ServerRequest& request, const Route& route, Reply& reply) {
  const auto* document = route.name.empty() ? &openapi_.index() : openapi_.version(route.name);
  if (!document) {
    co_await no_such_document(reply);
    co_return;
  }
  if (!choose_form(request.header("Accept"), openapi_v3_forms())) {
    co_await refuse_form(reply);
    co_return;
  }
  std::string type = kJsonType;
  http::Headers headers = {{"Vary", "Accept"}};
  const auto hash = request.query_value("hash").value_or("");
  if (!route.name.empty() && !hash.empty() && hash != document->hash) {
    headers.emplace_back("Etag", document->etag());
    headers.emplace_back("Location", "/openapi/v3/" + route.name + "?hash=" + document->hash);
    std::string nothing;
    co_await reply.respond(301, std::move(type), std::move(nothing), std::move(headers));
    co_return;
  }
  if (!route.name.empty() && !hash.empty()) {
    headers.emplace_back("Cache-Control", "public, immutable");
    headers.emplace_back("Expires", http_date(clock_.system_now() + std::chrono::hours(365 * 24)));
  }
  co_await send(request, *document, std::move(type), std::move(headers), reply);
}

Task<void> DocumentHandler::send(const http::ServerRequest& request, const Document& document, std::string content_type,
                                 http::Headers headers, Reply& reply) {
  headers.emplace_back("Etag", document.etag());
  const bool known = none_match_names(request.header("If-None-Match"), document.etag());
  std::string bytes = known ? std::string() : document.bytes;
  co_await reply.respond(known ? 304 : 200, std::move(content_type), std::move(bytes), std::move(headers));
}

}  // namespace berth::api
