#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::http {

// Where a server is: unix:///path, http://host:port, tcp://host:port (tcp = http, Docker's spelling), https://host:port.
struct Endpoint {
  enum class Kind { Unix, Tcp };
  Kind kind = Kind::Tcp;
  std::string path;  // Unix
  std::string host;  // Tcp; a name or a literal, without brackets
  std::uint16_t port = 0;
  bool tls = false;  // Tcp
  std::string str() const;          // as a person writes it
  std::string host_header() const;  // "localhost" for unix sockets
  bool operator==(const Endpoint&) const = default;
};

// Whether only this machine reaches it: a unix socket, or a loopback address (or the name localhost).
bool is_loopback(const Endpoint& endpoint);

// Errors: BadRequest with what is wrong and an example of what is right. A port that is missing is `default_port`.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

}  // namespace berth::http
