#include "api/server/access.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "api/http/certificate.h"
#include "api/http/message.h"
#include "api/server/stream_protocol.h"
#include "api/server/impersonation.h"

namespace berth::api {

namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "host" of "host", "host:port", "[v6]" and "[v6]:port"; nullopt when it is none of them.
std::optional<std::string_view> host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto rest = authority.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    return authority.substr(0, close + 1);
  }
  const auto colon = authority.find(':');
  if (colon == std::string_view::npos) return authority;
  if (!is_port(authority.substr(colon + 1))) return std::nullopt;
  return authority.substr(0, colon);
}

bool is_loopback_v4(std::string_view host) {
  int parts = 0;
  const char* at = host.data();
  const char* const end = at + host.size();
  while (true) {
    unsigned value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value > 255 || (parts == 0 && value != 127)) return false;
    ++parts;
    if (next == end) return parts == 4;
    if (*next != '.' || parts == 4) return false;
    at = next + 1;
  }
}

bool is_loopback(std::string_view host) {
  return http::same_text(host, "localhost") || host == "[::1]" || is_loopback_v4(host);
}

bool is_own_host(const http::ServerRequest& request) {
  const auto host = host_of(request.header("Host"));
  return host && (is_loopback(*host) || (request.server_names && http::names_host(*request.server_names, *host)));
}

Result<void> check_host(const http::ServerRequest& request) {
  const auto hosts = std::count_if(request.headers.begin(), request.headers.end(),
                                   [](const auto& header) { return http::same_text(header.first, "Host"); });
  if (hosts == 1 && is_own_host(request)) return {};
  return base::error(Reason::Forbidden, request.server_names
                                            ? "the Host header must name what the server's certificate names, or its loopback"
                                            : "the Host header must name this machine's loopback (localhost, 127.0.0.1, [::1])");
}

Result<void> check_origin(const http::ServerRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (!http::same_text(name, "Origin")) continue;
    const auto own = (request.server_names ? "https://" : "http://") + std::string(request.header("Host"));
    if (!http::same_text(value, own)) return base::error(Reason::Forbidden, "requests from web pages are refused");
  }
  return {};
}

Result<void> check_token(const http::ServerRequest& request, const std::string& token, bool open) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = request.header("Authorization");
  bool is_bearer = header.size() > kScheme.size() && http::same_text(header.substr(0, kScheme.size()), kScheme);
  std::string given(is_bearer ? header.substr(kScheme.size()) : std::string_view());
  if (header.empty()) {
    given = websocket_token(request);
    is_bearer = !given.empty();
  }
  if (!is_bearer && open) return {};
  if (is_bearer && !token.empty() && equal_in_constant_time(given, token)) return {};
  return base::error(Reason::Unauthorized, "Unauthorized");
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  // Walks over all of `a`, which the stranger chose, so that its length says nothing about `b`.
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i % b.size()]));
  }
  return difference == 0;
}

Result<void> check_access(const http::ServerRequest& request, const std::string& token, bool open) {
  if (auto origin = check_origin(request); !origin) return origin;
  if (!request.over_unix_socket) {
    if (auto host = check_host(request); !host) return host;
    if (auto bearer = check_token(request, token, open); !bearer) return bearer;
  }
  return check_impersonation(request);
}

}  // namespace berth::api
