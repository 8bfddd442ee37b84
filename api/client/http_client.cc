#include "api/client/http_client.h"

#include "api/client/http_watcher.h"
#include "api/http/uri.h"
#include "api/server/status_error.h"
#include "crd/managed_text.h"

namespace berth::api {

namespace {

constexpr std::size_t kMessageLimit = 16 * 1024 * 1024;

// A body is JSON; "" is none.
struct Call {
  std::string method;
  std::string target;
  std::string body;
};

std::string query_of(const WriteOptions& options) {
  std::string query = "?fieldManager=" + http::percent_encode(options.field_manager) + "&fieldValidation=";
  switch (options.field_validation) {
    case FieldValidation::Strict: query += "Strict"; break;
    case FieldValidation::Warn: query += "Warn"; break;
    case FieldValidation::Ignore: query += "Ignore"; break;
  }
  if (options.dry_run) query += "&dryRun=All";
  return query;
}

std::string selection_of(const ObjectKey& part, const char* mark) {
  return part.name.empty() ? "" : std::string(mark) + "fieldSelector=metadata.name%3D" + http::percent_encode(part.name);
}

// The text of `299 - "text"`.
std::string warning_text(std::string_view header) {
  const auto start = header.find('"');
  if (start == std::string_view::npos) return std::string(header);
  std::string text;
  for (std::size_t i = start + 1; i < header.size() && header[i] != '"'; ++i) {
    if (header[i] == '\\' && i + 1 < header.size()) ++i;
    text += header[i];
  }
  return text;
}

void take_warnings(const http::Headers& headers, const WriteOptions& options) {
  if (!options.warnings) return;
  for (const auto& [name, value] : headers) {
    if (name == "Warning") options.warnings->push_back(warning_text(value));
  }
}

Result<json> parse_answer(const http::ClientResponse& response) {
  auto value = json::parse(response.body, nullptr, false);
  if (value.is_discarded()) return base::error(Reason::InternalError, "the server's answer is not JSON");
  return Result<json>(boost::system::in_place_value, std::move(value));
}

Result<ObjectPtr> parse_object(const http::ClientResponse& response) {
  auto value = parse_answer(response);
  if (value.has_error()) return value.error();
  return Object::make(std::move(value.value()));
}

Error in_answer(const char* what) {
  return base::error(Reason::InternalError, std::string("the server's answer has no ") + what);
}

Result<ListResult> parse_list(const http::ClientResponse& response) {
  auto value = parse_answer(response);
  if (value.has_error()) return value.error();
  auto& list = value.value();
  if (!list.is_object() || !list.contains("items") || !list["items"].is_array()) return in_answer("items");
  const auto revision = read_revision(list);
  if (!revision) return in_answer("resourceVersion");
  ListResult result;
  result.revision = *revision;
  for (auto& item : list["items"]) {
    auto object = Object::make(std::move(item));
    if (!object) return object.error();
    result.items.push_back(std::move(*object));
  }
  return result;
}

// What is left of an object that is gone at once: the server answers a Status with its name and uid.
Result<ObjectPtr> parse_removed(const http::ClientResponse& response, const crd::ResourceInfo& resource,
                                const ObjectKey& key) {
  auto value = parse_answer(response);
  if (value.has_error()) return value.error();
  auto& answer = value.value();
  if (!answer.is_object() || answer.value("kind", json()) != "Status") return Object::make(std::move(answer));
  json metadata = {{"name", key.name}};
  if (!key.ns.empty()) metadata["namespace"] = key.ns;
  const auto uid = answer.find("details");
  if (uid != answer.end() && uid->is_object() && uid->contains("uid")) metadata["uid"] = (*uid)["uid"];
  json body = {{"apiVersion", resource.gvk.api_version()}, {"kind", resource.gvk.kind}, {"metadata", std::move(metadata)}};
  return Object::make(std::move(body));
}

}  // namespace

struct HttpClient::Impl {
  Impl(Executor executor, base::Clock& c, http::Endpoint endpoint, std::string t, base::Duration d,
       std::shared_ptr<const http::TlsContext> tls)
      : executor(executor), clock(c), http(executor, c, std::move(endpoint), {.tls = std::move(tls)}), token(std::move(t)), timeout(d) {}

  http::ClientRequest request_of(Call call) const;
  Error explain(Error error) const;
  Error explain(int status, std::string_view body) const;
  Task<Result<http::ClientResponse>> exchange(Call call);
  Task<Result<std::unique_ptr<http::ClientStream>>> open(Call call);

  Task<Result<WebSocket>> websocket(Call call, std::vector<std::string> protocols);

  Executor executor;
  base::Clock& clock;
  http::Client http;
  std::string token;
  base::Duration timeout;
};

http::ClientRequest HttpClient::Impl::request_of(Call call) const {
  http::ClientRequest request;
  request.idempotent = call.method != "POST";
  request.method = std::move(call.method);
  request.target = std::move(call.target);
  request.body = std::move(call.body);
  request.content_type = "application/json";
  request.headers.emplace_back("Accept", "application/json");
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  return request;
}

Error HttpClient::Impl::explain(Error error) const {
  if (error.reason != Reason::ServiceUnavailable) return error;
  error.message = "cannot reach berthd at " + error.message;
  return error;
}

Error HttpClient::Impl::explain(int status, std::string_view body) const {
  auto error = from_status(status, body);
  if (error.reason != Reason::Unauthorized) return error;
  error.message = "berthd at " + http.endpoint().str() + (token.empty() ? " wants a token" : " refuses the token");
  return error;
}

Task<Result<http::ClientResponse>> HttpClient::Impl::exchange(Call call) {
  auto request = request_of(std::move(call));
  const auto deadline = base::Deadline::after(clock.steady_now(), timeout);
  auto response = co_await http.request(std::move(request), deadline);
  if (!response) co_return explain(response.error());
  if (response->status / 100 != 2) co_return explain(response->status, response->body);
  co_return response;
}

Task<Result<std::unique_ptr<http::ClientStream>>> HttpClient::Impl::open(Call call) {
  auto request = request_of(std::move(call));
  const auto deadline = base::Deadline::after(clock.steady_now(), timeout);
  auto stream = co_await http.stream(std::move(request), deadline);
  if (!stream) co_return explain(stream.error());
  if ((*stream)->status() / 100 == 2) co_return stream;
  auto body = co_await (*stream)->read_all(deadline, 1 << 20);
  co_return explain((*stream)->status(), body ? *body : std::string());
}

Task<Result<HttpClient::WebSocket>> HttpClient::Impl::websocket(Call call, std::vector<std::string> protocols) {
  auto request = request_of(std::move(call));
  const auto key = http::websocket_key();
  std::string offered;
  for (const auto& protocol : protocols) offered += (offered.empty() ? "" : ", ") + protocol;
  request.headers.emplace_back("Sec-WebSocket-Version", "13");
  request.headers.emplace_back("Sec-WebSocket-Key", key);
  request.headers.emplace_back("Sec-WebSocket-Protocol", offered);
  const auto deadline = base::Deadline::after(clock.steady_now(), timeout);
  std::string upgrade = "websocket";
  auto answer = co_await http.upgrade(std::move(request), std::move(upgrade), deadline);
  if (!answer) co_return explain(answer.error());
  const auto& response = answer->response;
  if (!answer->stream || response.status != 101) co_return explain(response.status, response.body);
  if (response.header("Sec-WebSocket-Accept") != http::websocket_accept(key).value()) {
    co_return base::error(Reason::InternalError, "the server's answer is no WebSocket handshake");
  }
  WebSocket opened;
  opened.protocol = response.header("Sec-WebSocket-Protocol");
  const std::size_t limit = kMessageLimit;
  opened.socket = std::make_shared<http::WebSocketConnection>(executor, std::move(answer->stream), limit, http::WebSocketRole::Client);
  co_return opened;
}

HttpClient::HttpClient(Executor executor, base::Clock& clock, http::Endpoint endpoint, std::string token,
                       base::Duration timeout, std::shared_ptr<const http::TlsContext> tls)
    : impl_(std::make_unique<Impl>(executor, clock, std::move(endpoint), std::move(token), timeout, std::move(tls))) {}

HttpClient::~HttpClient() = default;

Task<Result<ObjectPtr>> HttpClient::get(const crd::ResourceInfo& resource, ObjectKey key) {
  Call call{"GET", resource_path(resource, key.ns, key.name), ""};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  co_return parse_object(*response);
}

Task<Result<ListResult>> HttpClient::list_part(const crd::ResourceInfo& resource, ObjectKey part) {
  Call call{"GET", resource_path(resource, part.ns, "") + selection_of(part, "?"), ""};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  co_return parse_list(*response);
}

Task<Result<std::unique_ptr<Watcher>>> HttpClient::watch_part(const crd::ResourceInfo& resource, ObjectKey part,
                                                              storage::Revision from) {
  const auto query = "?watch=1&resourceVersion=" + std::to_string(from) + selection_of(part, "&");
  Call call{"GET", resource_path(resource, part.ns, "") + query, ""};
  auto stream = co_await impl_->open(std::move(call));
  if (!stream) co_return stream.error();
  co_return make_http_watcher(std::move(*stream), resource.group_resource());
}

Task<Result<ObjectPtr>> HttpClient::create(const crd::ResourceInfo& resource, std::string ns, json body,
                                           WriteOptions options) {
  Call call{"POST", resource_path(resource, ns, "") + query_of(options), crd::wire_text(body)};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  take_warnings(response->headers, options);
  co_return parse_object(*response);
}

Task<Result<ObjectPtr>> HttpClient::replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                            WriteOptions options) {
  Call call{"PUT", resource_path(resource, key.ns, key.name) + query_of(options), crd::wire_text(body)};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  take_warnings(response->headers, options);
  co_return parse_object(*response);
}

Task<Result<ObjectPtr>> HttpClient::update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                                  WriteOptions options) {
  Call call{"PUT", resource_path(resource, key.ns, key.name) + "/status" + query_of(options), crd::wire_text(body)};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  take_warnings(response->headers, options);
  co_return parse_object(*response);
}

Task<Result<ObjectPtr>> HttpClient::remove(const crd::ResourceInfo& resource, ObjectKey key,
                                           DeletePreconditions preconditions) {
  json options = {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  if (preconditions.uid) options["preconditions"]["uid"] = *preconditions.uid;
  if (preconditions.revision) options["preconditions"]["resourceVersion"] = std::to_string(*preconditions.revision);
  Call call{"DELETE", resource_path(resource, key.ns, key.name), crd::dump(options)};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  co_return parse_removed(*response, resource, key);
}

Task<Result<json>> HttpClient::call(std::string method, std::string target, std::string body) {
  Call call{std::move(method), std::move(target), std::move(body)};
  auto response = co_await impl_->exchange(std::move(call));
  if (!response) co_return response.error();
  if (response->body.empty()) co_return Result<json>(boost::system::in_place_value, json::object());
  co_return parse_answer(*response);
}

Task<Result<std::unique_ptr<http::ClientStream>>> HttpClient::open(std::string target) {
  Call call{"GET", std::move(target), ""};
  auto stream = co_await impl_->open(std::move(call));
  co_return stream;
}

Task<Result<HttpClient::WebSocket>> HttpClient::websocket(std::string target, std::vector<std::string> protocols) {
  Call call{"GET", std::move(target), ""};
  auto opened = co_await impl_->websocket(std::move(call), std::move(protocols));
  co_return opened;
}

std::string resource_path(const crd::ResourceInfo& resource, const std::string& ns, const std::string& name) {
  std::string path = resource.gvk.group.empty() ? "/api/" : "/apis/" + resource.gvk.group + "/";
  path += resource.gvk.version;
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + http::percent_encode(ns);
  path += "/" + resource.plural;
  if (!name.empty()) path += "/" + http::percent_encode(name);
  return path;
}

}  // namespace berth::api
