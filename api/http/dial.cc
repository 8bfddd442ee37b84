#include "api/http/dial.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/http/tls_channel.h"
#include "base/signal.h"

namespace berth::http {

namespace {

using ErrorCode = boost::system::error_code;
using Address = Connection::Protocol::endpoint;
using Addresses = std::vector<Address>;

constexpr auto kBacklogRetry = std::chrono::milliseconds(5);

// A name look-up runs on Asio's own thread and cannot be interrupted: whoever waits for it leaves, this stays behind.
struct Lookup {
  explicit Lookup(const Executor& executor) : resolver(executor), finished(executor) {}
  asio::ip::tcp::resolver resolver;
  base::Signal finished;
  bool done = false;
  ErrorCode ec;
  Addresses addresses;
};

Error unreachable(const Endpoint& endpoint, const ErrorCode& ec) {
  if (ec == asio::error::timed_out) return base::error(Reason::Timeout, endpoint.str() + ": no connection in time");
  return base::error(Reason::ServiceUnavailable, endpoint.str() + ": " + ec.message());
}

Task<Result<Addresses>> resolve(Executor executor, base::Clock& clock, Endpoint endpoint, base::Deadline deadline) {
  auto lookup = std::make_shared<Lookup>(executor);
  lookup->resolver.async_resolve(
      endpoint.host, std::to_string(endpoint.port), asio::ip::resolver_base::numeric_service,
      [lookup](ErrorCode ec, const asio::ip::tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->ec = ec;
        for (const auto& entry : results) lookup->addresses.emplace_back(entry.endpoint());
        lookup->finished.notify_all();
      });
  while (!lookup->done && !deadline.expired(clock.steady_now())) {
    if (deadline.is_never()) {
      co_await lookup->finished.wait();
    } else {
      co_await lookup->finished.wait_until(clock, deadline.at);
    }
  }
  if (!lookup->done) co_return unreachable(endpoint, asio::error::timed_out);
  if (lookup->ec) co_return unreachable(endpoint, lookup->ec);
  co_return std::move(lookup->addresses);
}

Task<Result<Addresses>> addresses_of(Executor executor, base::Clock& clock, Endpoint endpoint,
                                     base::Deadline deadline) {
  Addresses addresses;
  if (endpoint.kind == Endpoint::Kind::Unix) {
    addresses.emplace_back(asio::local::stream_protocol::endpoint(endpoint.path));
    co_return addresses;
  }
  ErrorCode no_literal;
  const auto literal = asio::ip::make_address(endpoint.host, no_literal);
  if (!no_literal) {
    addresses.emplace_back(asio::ip::tcp::endpoint(literal, endpoint.port));
    co_return addresses;
  }
  if (endpoint.host == "localhost") {
    addresses.emplace_back(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), endpoint.port));
    addresses.emplace_back(asio::ip::tcp::endpoint(asio::ip::address_v6::loopback(), endpoint.port));
    co_return addresses;
  }
  auto resolved = co_await resolve(executor, clock, endpoint, deadline);
  co_return resolved;
}

// A host that swallows what is sent to one of its addresses leaves time for the others.
base::Deadline share_of(base::Deadline deadline, base::SteadyTime now, std::size_t addresses) {
  if (deadline.is_never() || deadline.expired(now)) return deadline;
  return {now + (deadline.at - now) / static_cast<int>(addresses)};
}

Task<Result<std::shared_ptr<Connection>>> secure(std::shared_ptr<Connection> connection, Endpoint endpoint,
                                                 std::shared_ptr<const TlsContext> tls) {
  if (!tls) co_return base::error(Reason::ServiceUnavailable, endpoint.str() + ": TLS is not set up");
  connection->use_tls(std::make_unique<TlsChannel>(std::move(tls), endpoint.host));
  const auto ec = co_await connection->handshake();
  if (!ec) co_return connection;
  const auto& why = connection->tls_failure();
  if (why.empty()) co_return unreachable(endpoint, ec);
  co_return base::error(Reason::ServiceUnavailable, endpoint.str() + ": no TLS connection: " + why);
}

}  // namespace

void apply_deadline(Connection& connection, base::Clock& clock, base::Deadline deadline) {
  if (deadline.is_never()) {
    connection.expires_never();
  } else {
    connection.expires_after(std::max(deadline.at - clock.steady_now(), base::Duration::zero()));
  }
}

Task<Result<std::shared_ptr<Connection>>> dial(Executor executor, base::Clock& clock, Endpoint endpoint,
                                               base::Deadline deadline, std::shared_ptr<const TlsContext> tls) {
  auto addresses = co_await addresses_of(executor, clock, endpoint, deadline);
  if (!addresses) co_return addresses.error();
  ErrorCode first_error = asio::error::host_not_found;
  for (std::size_t next = 0; next < addresses->size();) {
    auto connection = std::make_shared<Connection>(Connection::Socket(executor));
    const auto until = share_of(deadline, clock.steady_now(), addresses->size() - next);
    apply_deadline(*connection, clock, until);
    const Address address = (*addresses)[next];
    const auto ec = co_await connection->connect(address);
    if (!ec) {
      apply_deadline(*connection, clock, deadline);
      if (!endpoint.tls) co_return connection;
      auto secured = co_await secure(connection, endpoint, tls);
      co_return secured;
    }
    if (deadline.expired(clock.steady_now())) co_return unreachable(endpoint, asio::error::timed_out);
    if (ec == asio::error::not_connected) {
      co_await clock.sleep_until(clock.steady_now() + kBacklogRetry);
      continue;
    }
    if (next++ == 0) first_error = ec;
  }
  co_return unreachable(endpoint, first_error);
}

}  // namespace berth::http
