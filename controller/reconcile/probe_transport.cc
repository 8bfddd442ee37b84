#include "controller/reconcile/probe_transport.h"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/http/client.h"

namespace berth::reconcile {

namespace {

using tcp = asio::ip::tcp;
using boost::system::error_code;

// A socket that is closed when its time is over, which ends whatever waits on it.
struct Connection {
  explicit Connection(const Executor& executor) : socket(executor), timer(executor) {}
  tcp::socket socket;
  asio::steady_timer timer;
  bool timed_out = false;
};

void close_after(const std::shared_ptr<Connection>& connection, base::Duration duration) {
  connection->timed_out = false;
  connection->timer.expires_after(duration);
  connection->timer.async_wait([weak = std::weak_ptr<Connection>(connection)](error_code ec) {
    const auto held = weak.lock();
    if (ec || !held) return;
    held->timed_out = true;
    error_code ignored;
    held->socket.close(ignored);
  });
}

class SocketTransport final : public ProbeTransport {
 public:
  SocketTransport(Executor executor, base::Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

  Task<Dial> dial(std::string host, std::uint16_t port, base::Duration timeout, base::Duration hold) override {
    error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (ec) co_return Dial::Unreachable;
    auto connection = std::make_shared<Connection>(executor_);
    close_after(connection, timeout);
    const tcp::endpoint endpoint(address, port);
    co_await connection->socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
    connection->timer.cancel();
    if (connection->timed_out) co_return Dial::Unreachable;
    if (ec == asio::error::connection_refused || ec == asio::error::connection_reset) co_return Dial::Refused;
    if (ec) co_return Dial::Unreachable;
    if (hold == base::Duration(0)) co_return Dial::Open;

    std::array<char, 1> byte{};
    close_after(connection, hold);
    const auto buffer = asio::buffer(byte);
    co_await connection->socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, ec));
    connection->timer.cancel();
    co_return connection->timed_out || !ec ? Dial::Open : Dial::Refused;
  }

  Task<Result<int>> get(std::string host, std::uint16_t port, crd::HttpAction action, base::Duration timeout) override {
    http::Endpoint endpoint;
    endpoint.host = std::move(host);
    endpoint.port = port;
    http::ClientOptions options;
    options.max_idle = 0;
    options.connect_timeout = timeout;
    options.body_limit = 1024 * 1024;
    http::Client client(executor_, clock_, std::move(endpoint), options);
    http::ClientRequest request;
    request.target = action.path.empty() ? "/" : action.path;
    request.headers = action.headers;
    const auto deadline = base::Deadline::after(clock_.steady_now(), timeout);
    auto answer = co_await client.stream(std::move(request), deadline);
    if (answer.has_error()) co_return answer.error();
    co_return (*answer)->status();
  }

 private:
  Executor executor_;
  base::Clock& clock_;
};

}  // namespace

std::unique_ptr<ProbeTransport> make_probe_transport(Executor executor, base::Clock& clock) {
  return std::make_unique<SocketTransport>(std::move(executor), clock);
}

}  // namespace berth::reconcile
