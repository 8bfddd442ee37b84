#include "api/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <list>

#include "api/http/listener.h"
#include "api/http/session.h"
#include "api/http/tls_channel.h"
#include "base/log.h"
#include "base/signal.h"

namespace berth::http {

namespace {

constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

std::string peer_name(const Connection::Protocol::endpoint& address, bool over_unix_socket) {
  if (over_unix_socket) return "unix";
  asio::ip::tcp::endpoint peer;
  if (address.size() > peer.capacity()) return "unknown";
  peer.resize(address.size());
  std::memcpy(peer.data(), address.data(), address.size());
  return peer.address().to_string() + ":" + std::to_string(peer.port());
}

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const { return find_header(headers, name); }

std::optional<std::string> ServerRequest::query_value(std::string_view name) const {
  const auto found = query.find(std::string(name));
  return found == query.end() ? std::nullopt : std::optional<std::string>(found->second);
}

struct Server::Impl : std::enable_shared_from_this<Impl> {
  Impl(Executor e, base::Clock& c, Handler h, ServerOptions o)
      : executor(e), clock(c), handler(std::move(h)), options(std::move(o)), changed(e), group(e, "http server") {}

  Task<void> accept_loop(std::shared_ptr<Listener> listener);
  Task<void> run_session(Connection::Socket socket, std::shared_ptr<Listener> listener, std::string peer);

  Executor executor;
  base::Clock& clock;
  const Handler handler;
  ServerOptions options;  // sessions refer to it; only `tls` changes
  std::list<std::shared_ptr<Listener>> listeners;
  std::list<std::shared_ptr<Session>> sessions;
  std::uint64_t refused = 0;
  bool stopping = false;
  base::Signal changed;  // a session ended
  TaskGroup group;
};

Task<void> Server::Impl::accept_loop(std::shared_ptr<Listener> listener) {
  const bool over_unix_socket = listener->endpoint.kind == Endpoint::Kind::Unix;
  while (!stopping) {
    Connection::Socket socket(executor);
    Connection::Protocol::endpoint address;
    boost::system::error_code ec;
    co_await listener->acceptor.async_accept(socket, address, asio::redirect_error(asio::use_awaitable, ec));
    if (stopping) break;
    if (ec) {
      base::log_warn("http", "cannot accept a connection", {{"listen", listener->endpoint.str()}, {"error", ec.message()}});
      co_await clock.sleep_until(clock.steady_now() + kAcceptRetry);
      continue;
    }
    if (listener->open >= options.max_connections) {
      if (refused++ % 1000 == 0) {
        base::log_warn("http", "too many connections, refusing more",
                       {{"listen", listener->endpoint.str()}, {"connections", listener->open}, {"refused", refused}});
      }
      continue;
    }
    auto peer = peer_name(address, over_unix_socket);
    ++listener->open;
    group.spawn("session", run_session(std::move(socket), listener, std::move(peer)));
  }
}

Task<void> Server::Impl::run_session(Connection::Socket socket, std::shared_ptr<Listener> listener, std::string peer) {
  const auto self = shared_from_this();
  struct Leave {
    Listener& listener;
    ~Leave() { --listener.open; }
  } const leave{*listener};
  const bool over_unix_socket = listener->endpoint.kind == Endpoint::Kind::Unix;
  boost::system::error_code ignored;
  if (!over_unix_socket) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  auto connection = std::make_shared<Connection>(std::move(socket));
  if (listener->endpoint.tls) connection->use_tls(std::make_unique<TlsChannel>(options.tls));
  auto session = std::make_shared<Session>(std::move(connection), clock, handler, options, over_unix_socket,
                                           std::move(peer));
  const auto place = sessions.insert(sessions.end(), session);
  if (stopping) session->finish();
  co_await session->run();
  sessions.erase(place);
  changed.notify_all();
}

Server::Server(Executor executor, base::Clock& clock, Handler handler, ServerOptions options)
    : impl_(std::make_shared<Impl>(executor, clock, std::move(handler), std::move(options))) {}

Server::~Server() = default;

Result<Endpoint> Server::listen(const Endpoint& endpoint) {
  if (endpoint.tls && !impl_->options.tls) return base::error(Reason::Invalid, endpoint.str() + ": there is no certificate for it");
  auto opened = open_listener(impl_->executor, endpoint, impl_->options.socket_mode, impl_->options.socket_group);
  if (!opened) return opened.error();
  auto listener = std::make_shared<Listener>(std::move(*opened));
  impl_->listeners.push_back(listener);
  impl_->group.spawn("accept " + listener->endpoint.str(), impl_->accept_loop(listener));
  return listener->endpoint;
}

void Server::use_certificate(std::shared_ptr<const TlsContext> tls) { impl_->options.tls = std::move(tls); }

std::size_t Server::connections() const { return impl_->sessions.size(); }
std::uint64_t Server::refused_connections() const { return impl_->refused; }

Task<void> Server::stop(base::Duration grace) {
  const auto impl = impl_;
  impl->stopping = true;
  for (const auto& listener : impl->listeners) listener->close();
  auto running = impl->sessions;
  for (const auto& session : running) session->finish();
  const auto until = impl->clock.steady_now() + grace;
  while (!impl->sessions.empty() && impl->clock.steady_now() < until) {
    co_await impl->changed.wait_until(impl->clock, until);
  }
  running = impl->sessions;
  for (const auto& session : running) session->abort();
  co_await impl->group.join();
}

}  // namespace berth::http
