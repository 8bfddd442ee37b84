#include "api/http/client.h"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cstdio>
#include <list>

#include "api/http/client_stream.h"
#include "api/http/connection.h"
#include "api/http/dial.h"
#include "api/http/message.h"
#include "base/signal.h"

namespace berth::http {

namespace {

using ConnectionPtr = std::shared_ptr<Connection>;

struct Idle {
  ConnectionPtr connection;
  base::SteadyTime since;
};

// What one attempt on one connection came to.
struct Attempt {
  Result<ClientResponse> result;
  bool answered = false;  // a byte of the answer came
};

bool is_sendable(const ClientRequest& request) {
  const auto graphic = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  };
  return !request.method.empty() && graphic(request.method) && request.target.starts_with('/') &&
         graphic(request.target);
}

// Whether this answer hands the connection over. The engine's 200 says so by a body that nothing delimits.
bool leaves_http(const MessageHead& head) {
  if (head.status == 101) return true;
  return head.status == 200 && head.header("Content-Length").empty() && head.header("Transfer-Encoding").empty();
}

// A piece of a chunked body; of "" the end.
std::string chunk_of(std::string_view piece) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  return std::string(size.data()).append(piece).append("\r\n");
}

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Impl> {
  Impl(Executor e, base::Clock& c, Endpoint to, ClientOptions o)
      : executor(e), clock(c), endpoint(std::move(to)), options(o), freed(e) {}

  // One of max_connections, held for the length of a request.
  class Slot {
   public:
    explicit Slot(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) { ++impl_->in_use; }
    Slot(const Slot&) = delete;
    ~Slot() {
      --impl_->in_use;
      impl_->freed.notify_all();
    }

   private:
    std::shared_ptr<Impl> impl_;
  };

  Task<Result<void>> wait_for_slot(base::Deadline deadline);
  ConnectionPtr take_idle();
  void give_back(ConnectionPtr connection);
  Task<Result<ConnectionPtr>> connect(base::Deadline deadline);
  Task<Attempt> exchange(ConnectionPtr connection, const ClientRequest& request, base::Deadline deadline);
  Task<Result<ClientResponse>> finish(Exchange& io, std::string request_name);

  Executor executor;
  base::Clock& clock;
  Endpoint endpoint;
  ClientOptions options;
  std::list<Idle> idle;  // the one used last is last
  std::size_t in_use = 0;
  base::Signal freed;
};

Task<Result<void>> Client::Impl::wait_for_slot(base::Deadline deadline) {
  while (in_use >= options.max_connections) {
    if (deadline.is_never()) {
      co_await freed.wait();
    } else if (deadline.expired(clock.steady_now())) {
      co_return base::error(Reason::Timeout, endpoint.str() + ": all connections are busy");
    } else {
      co_await freed.wait_until(clock, deadline.at);
    }
  }
  co_return Result<void>();
}

ConnectionPtr Client::Impl::take_idle() {
  const auto oldest = clock.steady_now() - options.idle_timeout;
  while (!idle.empty() && idle.front().since < oldest) idle.pop_front();
  while (!idle.empty()) {
    auto connection = std::move(idle.back().connection);
    idle.pop_back();
    if (connection->usable_when_idle()) return connection;
  }
  return nullptr;
}

void Client::Impl::give_back(ConnectionPtr connection) {
  connection->expires_never();
  idle.push_back({std::move(connection), clock.steady_now()});
  if (idle.size() > options.max_idle) idle.pop_front();
}

Task<Result<ConnectionPtr>> Client::Impl::connect(base::Deadline deadline) {
  const auto until = deadline.capped(clock.steady_now(), options.connect_timeout);
  if (endpoint.tls && !options.tls) {
    auto context = TlsContext::client(TlsTrust());
    if (!context) co_return context.error();
    options.tls = *context;
  }
  auto connection = co_await dial(executor, clock, endpoint, until, options.tls);
  co_return connection;
}

Task<Attempt> Client::Impl::exchange(ConnectionPtr connection, const ClientRequest& request,
                                     base::Deadline deadline) {
  Exchange io(connection, clock, endpoint, request);
  auto sent = co_await io.send(deadline);
  if (!sent) co_return Attempt{sent.error(), io.parser().started()};
  auto response = co_await finish(io, request_name(request));
  if (response.has_value() && io.reusable()) give_back(connection);
  const bool answered = io.parser().started();
  co_return Attempt{std::move(response), answered};
}

// Receives the rest of an answer.
Task<Result<ClientResponse>> Client::Impl::finish(Exchange& io, std::string request_name) {
  while (!io.parser().done()) {
    auto more = co_await io.receive();
    if (!more) co_return more.error();
    if (io.parser().body().size() > options.body_limit) {
      co_return base::error(Reason::RequestEntityTooLarge, endpoint.str() + ": the answer to " + request_name +
                                                               " is larger than " + std::to_string(options.body_limit) +
                                                               " bytes");
    }
  }
  ClientResponse response;
  response.status = io.parser().head().status;
  response.headers = std::move(io.parser().head().headers);
  response.body = std::move(io.parser().body());
  co_return response;
}

Client::Client(Executor executor, base::Clock& clock, Endpoint endpoint, ClientOptions options)
    : impl_(std::make_shared<Impl>(executor, clock, std::move(endpoint), options)) {}

Client::~Client() = default;

const Endpoint& Client::endpoint() const { return impl_->endpoint; }

Task<Result<ClientResponse>> Client::request(ClientRequest request, base::Deadline deadline) {
  const auto impl = impl_;
  if (!is_sendable(request)) co_return base::error(Reason::BadRequest, "not a request target: " + request.target);
  auto free = co_await impl->wait_for_slot(deadline);
  if (!free) co_return free.error();
  const Impl::Slot slot(impl);
  if (auto reused = impl->take_idle()) {
    auto attempt = co_await impl->exchange(reused, request, deadline);
    const bool stale = attempt.result.has_error() && attempt.result.error().reason == Reason::ServiceUnavailable &&
                       !attempt.answered;
    if (!stale || !request.idempotent) co_return std::move(attempt.result);
  }
  auto fresh = co_await impl->connect(deadline);
  if (!fresh) co_return fresh.error();
  auto attempt = co_await impl->exchange(*fresh, request, deadline);
  co_return std::move(attempt.result);
}

Task<Result<std::unique_ptr<ClientStream>>> Client::stream(ClientRequest request, base::Deadline deadline) {
  const auto impl = impl_;
  if (!is_sendable(request)) co_return base::error(Reason::BadRequest, "not a request target: " + request.target);
  auto connection = co_await impl->connect(deadline);
  if (!connection) co_return connection.error();
  auto io = std::make_unique<Exchange>(*connection, impl->clock, impl->endpoint, request);
  auto sent = co_await io->send(deadline);
  if (!sent) co_return sent.error();
  while (!io->parser().head_done()) {
    auto more = co_await io->receive();
    if (!more) co_return more.error();
  }
  (*connection)->expires_never();
  co_return make_client_stream(std::move(io));
}

Task<Result<UpgradeAnswer>> Client::upgrade(ClientRequest request, std::string protocol, base::Deadline deadline) {
  const auto impl = impl_;
  if (!is_sendable(request)) co_return base::error(Reason::BadRequest, "not a request target: " + request.target);
  request.headers.emplace_back("Connection", "Upgrade");
  request.headers.emplace_back("Upgrade", std::move(protocol));
  auto connection = co_await impl->connect(deadline);
  if (!connection) co_return connection.error();
  Exchange io(*connection, impl->clock, impl->endpoint, request);
  auto sent = co_await io.send(deadline);
  if (!sent) co_return sent.error();
  while (!io.parser().head_done()) {
    auto more = co_await io.receive();
    if (!more) co_return more.error();
  }
  UpgradeAnswer answer;
  if (leaves_http(io.parser().head())) {
    answer.response.status = io.parser().head().status;
    answer.response.headers = std::move(io.parser().head().headers);
    std::string first = std::move(io.parser().body());
    answer.stream = make_byte_stream(io.take_over(), std::move(first));
    co_return answer;
  }
  auto response = co_await impl->finish(io, request_name(request));
  if (!response) co_return response.error();
  answer.response = std::move(*response);
  co_return answer;
}

Task<Result<ClientResponse>> Client::upload(ClientRequest request, BodySource body, base::Duration patience) {
  const auto impl = impl_;
  if (!is_sendable(request)) co_return base::error(Reason::BadRequest, "not a request target: " + request.target);
  const auto soon = [impl, patience] { return base::Deadline::after(impl->clock.steady_now(), patience); };
  auto connection = co_await impl->connect(soon());
  if (!connection) co_return connection.error();
  request.body.clear();
  if (!request.content_type.empty()) request.headers.emplace_back("Content-Type", request.content_type);
  request.headers.emplace_back("Transfer-Encoding", "chunked");
  Exchange io(*connection, impl->clock, impl->endpoint, request);
  auto sent = co_await io.send(soon());
  if (!sent) co_return sent.error();
  for (bool more = true; more && !io.parser().head_done();) {
    (*connection)->expires_never();
    auto piece = co_await body();
    if (!piece) co_return piece.error();
    more = !piece->empty();
    sent = co_await io.send_more(chunk_of(*piece), soon());
    if (!sent) co_return sent.error();
  }
  io.set_deadline(soon());
  auto response = co_await impl->finish(io, request_name(request));
  co_return response;
}

}  // namespace berth::http
