#include "api/server/reply.h"

#include <algorithm>

#include "api/http/message.h"
#include "api/server/status_error.h"

namespace berth::api {

namespace {

constexpr std::size_t kWarningsBytes = 4 * 1024;

// quoted-string of RFC 9110.
std::string quoted_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

Reply::Reply(const http::ServerRequest& request, http::ResponseWriter& writer, metrics::ApiMetrics& metrics,
             base::Clock& clock)
    : request_(request), writer_(writer), metrics_(metrics), clock_(clock), began_(clock.steady_now()) {}

void Reply::set_labels(std::string verb, std::string resource) {
  verb_ = std::move(verb);
  resource_ = std::move(resource);
}

TextStyle Reply::style() const {
  if (accepted_.media == Media::Yaml) return TextStyle::Yaml;
  return accepted_.pretty || wants_pretty() ? TextStyle::Pretty : TextStyle::Compact;
}

// Go's ParseBool decides about ?pretty=.
bool Reply::wants_pretty() const {
  if (!request_.query.empty()) {
    const auto pretty = request_.query_value("pretty").value_or("");
    constexpr std::string_view kTrue[] = {"1", "t", "T", "true", "TRUE", "True"};
    if (!pretty.empty()) return std::find(std::begin(kTrue), std::end(kTrue), pretty) != std::end(kTrue);
  }
  const auto agent = request_.header("User-Agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

void Reply::count(int status) {
  const std::chrono::duration<double> took = clock_.steady_now() - began_;
  metrics_.request(verb_, resource_, status, took.count());
}

void Reply::add_common(http::Headers& headers) const {
  if (http::find_header(headers, "Cache-Control").empty()) headers.emplace_back("Cache-Control", "no-cache, private");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  std::size_t bytes = 0;
  for (const auto& warning : warnings_) {
    bytes += warning.size();
    if (bytes > kWarningsBytes) break;
    headers.emplace_back("Warning", "299 - " + quoted_string(warning));
  }
}

Task<void> Reply::respond(int status, std::string content_type, std::string body, http::Headers extra) {
  if (started()) co_return;
  count(status);
  add_common(extra);
  co_await writer_.respond(status, std::move(content_type), std::move(body), std::move(extra));
}

Task<void> Reply::start_stream(int status, std::string content_type, http::Headers extra) {
  if (started()) co_return;
  count(status);
  add_common(extra);
  co_await writer_.start_stream(status, std::move(content_type), std::move(extra));
}

Task<bool> Reply::write(http::SharedChunk chunk) {
  const bool more = co_await writer_.write(std::move(chunk));
  co_return more;
}

Task<std::shared_ptr<http::ByteStream>> Reply::upgrade(http::Headers extra) {
  if (started()) co_return nullptr;
  count(101);
  auto stream = co_await writer_.upgrade(std::move(extra));
  co_return stream;
}

Task<void> Reply::send_bytes(int status, std::string bytes) {
  bytes = styled(std::move(bytes), style());
  auto type = content_type();
  http::Headers none;
  co_await respond(status, std::move(type), std::move(bytes), std::move(none));
}

Task<void> Reply::send(int status, json value) {
  std::string bytes = crd::dump(value);
  co_await send_bytes(status, std::move(bytes));
}

Task<void> Reply::send_text(int status, std::string text) {
  std::string content_type = "text/plain; charset=utf-8";
  http::Headers none;
  co_await respond(status, std::move(content_type), std::move(text), std::move(none));
}

Task<void> Reply::send_error(Error error, ErrorSubject subject) {
  json status = to_status(error, subject.name, subject.group, subject.kind);
  // Who sent a header that fits nothing is a person.
  if (error.reason == Reason::NotAcceptable) accepted_.pretty = true;
  co_await send_status(std::move(status));
}

Task<void> Reply::send_status(json status) {
  const int code = status["code"];
  http::Headers extra;
  if (code == 401) extra.emplace_back("WWW-Authenticate", "Bearer realm=\"berth\"");
  const bool again = status.contains("details") && status["details"].contains("retryAfterSeconds");
  if (code == 429 || code == 503 || again) extra.emplace_back("Retry-After", "1");
  std::string body = styled(crd::dump(status), style());
  auto type = content_type();
  co_await respond(code, std::move(type), std::move(body), std::move(extra));
}

std::string transport_error_body(int status, const std::string& message) {
  json body = to_status(base::error(status == 413 || status == 431 ? Reason::RequestEntityTooLarge
                                    : status == 400                ? Reason::BadRequest
                                                                   : Reason::InternalError,
                                    message));
  body["code"] = status;
  return crd::dump(body) + "\n";
}

}  // namespace berth::api
