#pragma once

#include <sys/types.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <string>

#include "api/http/endpoint.h"
#include "base/result.h"
#include "base/task.h"

namespace berth::http {

// A bound, listening socket. For a unix socket it remembers which file is its own.
struct Listener {
  using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
  Acceptor acceptor;
  Endpoint endpoint;  // with the real port
  dev_t device = 0;
  ino_t inode = 0;
  std::size_t open = 0;  // connections of its own that are served

  // Closes it and removes the socket file, unless that is another one's by now.
  void close();
};

// Nobody can connect to a unix socket before it has its mode and group: it listens only then.
// Errors: Conflict (address in use, a live server on the socket, a file that is no socket), Invalid (not loopback without TLS,
// not an IP address, unknown group), InternalError (text).
Result<Listener> open_listener(Executor executor, const Endpoint& endpoint, unsigned socket_mode,
                               const std::string& socket_group);

}  // namespace berth::http
