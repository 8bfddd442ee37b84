#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/byte_stream.h"
#include "api/http/endpoint.h"
#include "api/http/tls.h"
#include "api/http/uri.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"

namespace berth::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct ClientRequest {
  std::string method = "GET";
  std::string target;  // path and query, already percent-encoded
  std::string body;
  std::string content_type;  // sent when body is not empty
  Headers headers;
  // Sent again on a fresh connection when a kept-alive one turns out closed before any byte of the answer came. Set it
  // false for what must not run twice; GET, HEAD, PUT and DELETE may run twice.
  bool idempotent = true;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  // Case-insensitive; "" when absent.
  std::string_view header(std::string_view name) const;
};

// An answer read piece by piece: events, logs, exec output, pulls, watches. Closing it (destruction) closes its
// connection. Its head has been read when one gets it.
class ClientStream {
 public:
  virtual ~ClientStream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  // The next decoded body bytes, as they come; "" is the end of the body. A deadline applies to this one read.
  // Errors: ServiceUnavailable (connection cut in the middle), Timeout. Cancelled: throws operation_aborted.
  virtual Task<Result<std::string>> read(base::Deadline deadline) = 0;
  // The rest of the body (an error answer). At most `limit` bytes.
  virtual Task<Result<std::string>> read_all(base::Deadline deadline, std::size_t limit = 1 << 20) = 0;
};

// What a server said to the wish to leave HTTP. `stream` is set when it agreed (101, or a 200 whose body has no framing, which is
// how a Docker engine answers old clients); else `response` is a usual answer with its body.
struct UpgradeAnswer {
  ClientResponse response;
  std::shared_ptr<ByteStream> stream;
};

// The next piece of a request's body; "" is its end.
using BodySource = std::function<Task<Result<std::string>>()>;

struct ClientOptions {
  std::size_t max_connections = 64;  // of request(); streams have their own and are not counted
  std::size_t max_idle = 16;
  base::Duration idle_timeout = std::chrono::seconds(60);
  base::Duration connect_timeout = std::chrono::seconds(5);
  std::size_t body_limit = 256 * 1024 * 1024;
  std::shared_ptr<const TlsContext> tls;  // for an https endpoint; null: the system's authorities are trusted
};

// An HTTP/1.1 client of one server with a pool of kept-alive connections. Loop thread only; any number of calls at once.
// Errors: ServiceUnavailable (cannot connect, reset; message names endpoint and cause), Timeout (the deadline),
// RequestEntityTooLarge (answer above body_limit). Any HTTP status is a value. Cancelled: throws operation_aborted.
class Client {
 public:
  Client(Executor executor, base::Clock& clock, Endpoint endpoint, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Task<Result<ClientResponse>> request(ClientRequest request, base::Deadline deadline);
  // The deadline covers connect, request and the head of the answer.
  Task<Result<std::unique_ptr<ClientStream>>> stream(ClientRequest request, base::Deadline deadline);
  // Asks for `protocol` (Connection and Upgrade headers are added) on a connection of its own. Never sent twice. The deadline covers
  // connect, request and the head of the answer, and the body when there is no stream.
  Task<Result<UpgradeAnswer>> upgrade(ClientRequest request, std::string protocol, base::Deadline deadline);
  // A request whose body comes piece by piece (chunked; request.body is not sent), on a connection of its own. Never sent twice.
  // `patience` is for each piece to be taken, and for the answer to begin. Errors besides: those of `body`, with the connection cut
  // so that nobody takes the request for whole.
  Task<Result<ClientResponse>> upload(ClientRequest request, BodySource body, base::Duration patience);
  const Endpoint& endpoint() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::http
