#include "api/http/endpoint.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "base/task.h"

namespace berth::http {

namespace {

constexpr std::string_view kExamples = "write unix:///run/berth.sock or https://127.0.0.1:6440";
constexpr std::size_t kUnixPathLimit = 107;  // sockaddr_un

Error bad(std::string_view text, std::string_view what) {
  return base::error(Reason::BadRequest, "\"" + std::string(text) + "\": " + std::string(what) + "; " +
                                             std::string(kExamples));
}

bool is_host_name(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
}

bool is_ipv6_literal(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
  });
}

Result<Endpoint> parse_unix(std::string_view text, std::string_view path) {
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::Unix;
  endpoint.path = path;
  if (!path.starts_with('/')) return bad(text, "a socket path must be absolute");
  if (path.find('\0') != std::string_view::npos) return bad(text, "a socket path must not contain NUL");
  if (path.size() > kUnixPathLimit) return bad(text, "a socket path has at most 107 bytes");
  return endpoint;
}

Result<Endpoint> parse_tcp(std::string_view text, std::string_view authority, std::uint16_t default_port) {
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('/') != std::string_view::npos) return bad(text, "a path is not possible here");
  if (authority.find('@') != std::string_view::npos) return bad(text, "user and password are not possible here");
  Endpoint endpoint;
  endpoint.port = default_port;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad(text, "\"]\" is missing");
    endpoint.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!is_ipv6_literal(endpoint.host)) return bad(text, "not an IPv6 address");
  } else {
    const auto colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
    if (!is_host_name(endpoint.host)) return bad(text, "not a host name");
  }
  if (endpoint.host.empty()) return bad(text, "the host is missing");
  if (port.empty()) return endpoint;
  if (port.front() != ':') return bad(text, "unexpected text after the host");
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return bad(text, "a port is a number from 0 to 65535");
  }
  return endpoint;
}

}  // namespace

std::string Endpoint::str() const {
  return kind == Kind::Unix ? "unix://" + path : (tls ? "https://" : "http://") + host_header();
}

std::string Endpoint::host_header() const {
  if (kind == Kind::Unix) return "localhost";
  const bool literal6 = host.find(':') != std::string::npos;
  return (literal6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::Unix || endpoint.host == "localhost") return true;
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(endpoint.host, ec);
  return !ec && address.is_loopback();
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad(text, "the scheme is missing");
  const auto scheme = text.substr(0, scheme_end);
  const auto rest = text.substr(scheme_end + 3);
  if (scheme == "unix") return parse_unix(text, rest);
  if (scheme == "http" || scheme == "tcp") return parse_tcp(text, rest, default_port);
  if (scheme == "https") {
    auto endpoint = parse_tcp(text, rest, default_port);
    if (endpoint.has_value()) endpoint->tls = true;
    return endpoint;
  }
  return bad(text, "unknown scheme \"" + std::string(scheme) + "\"");
}

}  // namespace berth::http
