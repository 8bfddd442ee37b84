#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/byte_stream.h"
#include "api/http/chunk.h"
#include "api/http/client.h"
#include "api/http/endpoint.h"
#include "api/http/tls.h"
#include "base/clock.h"
#include "base/task.h"
#include "base/task_group.h"

namespace berth::http {

// One request as a handler sees it: decoded, complete, a value.
struct ServerRequest {
  std::string method;
  std::string path;                          // percent-decoded; raw target is kept in `target`
  std::string target;
  std::multimap<std::string, std::string> query;  // decoded
  Headers headers;
  std::string body;
  bool over_unix_socket = false;
  std::shared_ptr<const std::vector<std::string>> server_names;  // what our certificate names; null: not over TLS
  std::string peer;  // "127.0.0.1:51234" or "unix"
  std::string_view header(std::string_view name) const;                // case-insensitive, "" when absent
  std::optional<std::string> query_value(std::string_view name) const;  // the first one
};

// How a handler answers: exactly one of respond(), start_stream() or upgrade() per request.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  // `extra` headers; Content-Length, Date and Connection are the server's. A large body is sent as gzip to who takes that, unless
  // `extra` has a Content-Encoding.
  virtual Task<void> respond(int status, std::string content_type, std::string body, Headers extra = {}) = 0;
  // Flushes the head at once (chunked). Then write() any number of times; the stream ends when the handler returns.
  virtual Task<void> start_stream(int status, std::string content_type, Headers extra = {}) = 0;
  // False when the client has gone: stop. Waits while the client does not read (30 s at most, then false).
  virtual Task<bool> write(SharedChunk chunk) = 0;
  // An empty one sends nothing.
  Task<bool> write(std::string bytes) { return write(std::make_shared<const Chunk>(bytes)); }
  // Answers 101 with `extra` (Upgrade and what the protocol wants; Connection is the server's): what the client sends from now
  // on, and what it sent already, belongs to the stream. The connection ends when the handler returns. Null when there is no
  // stream: the client has gone, or this request cannot be upgraded (HTTP/1.0; it was answered 400).
  virtual Task<std::shared_ptr<ByteStream>> upgrade(Headers extra) = 0;
  // The stream is not whole: it breaks off where it is, so that no client takes it for complete.
  virtual void cut_off() {}
  virtual bool started() const = 0;
};

// Called once per request, for a connection one after the other. An exception out of it answers 500 without its text
// (which is logged). While a stream runs, the client's disconnect cancels the handler's pending co_await; after an upgrade it is
// seen by reading. A server that stops cancels both.
using Handler = std::function<Task<void>(std::shared_ptr<const ServerRequest>, ResponseWriter&)>;

struct ServerOptions {
  std::size_t header_limit = 64 * 1024;
  std::size_t body_limit = 3 * 1024 * 1024;  // above: 413, read no further
  base::Duration header_timeout = std::chrono::seconds(10);
  base::Duration body_timeout = std::chrono::seconds(30);
  base::Duration idle_timeout = std::chrono::seconds(120);
  std::size_t max_connections = 4096;  // of each listener; above: closed at accept, counted and logged
  unsigned socket_mode = 0660;
  std::string socket_group;  // "" = the process's
  std::shared_ptr<const TlsContext> tls;  // of https listeners; its handshake has header_timeout
  // The JSON text of an answer that never reaches the handler (400 malformed, 413, 431) or that the handler failed to give
  // (500). Empty: the message as plain text.
  std::function<std::string(int status, const std::string& message)> error_body;
  // Asked when the head has come: false leaves the body unread. The handler is called all the same, with an empty body, to say why;
  // the connection ends with its answer. Empty: every body is read.
  std::function<bool(const ServerRequest&)> wants_body;
};

// Listeners and sessions. Loop thread only.
class Server {
 public:
  Server(Executor executor, base::Clock& clock, Handler handler, ServerOptions options);
  ~Server();

  // Binds and listens. tcp://host:0 takes a free port, shown in the returned endpoint. A stale unix socket file (nobody
  // answers on it) is replaced; a live one is refused. The socket file gets mode and group before anybody can connect.
  // Errors: Conflict (address in use), Invalid (not loopback without TLS, https without a certificate), InternalError (text).
  Result<Endpoint> listen(const Endpoint& endpoint);
  // Another certificate for the connections that come from now on.
  void use_certificate(std::shared_ptr<const TlsContext> tls);
  std::size_t connections() const;
  std::uint64_t refused_connections() const;  // closed at accept because of max_connections
  // Stops accepting, removes socket files, ends idle sessions and streams (these cleanly, with their last chunk), gives
  // other running requests `grace`, cancels the rest.
  Task<void> stop(base::Duration grace);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::http
