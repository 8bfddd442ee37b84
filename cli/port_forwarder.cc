#include "cli/port_forwarder.h"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <ostream>

#include "api/http/channels.h"
#include "cli/fields.h"
#include "cli/remote.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

using asio::ip::tcp;

constexpr char kDataChannel = 0;
constexpr char kFailureChannel = 1;
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(100);

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<std::uint16_t> named_port(const json& service, std::string_view name) {
  for (const auto& port : items(at(service, {"ports"}))) {
    if (text_at(port, {"name"}) == name) return static_cast<std::uint16_t>(number_at(port, {"containerPort"}));
  }
  return std::nullopt;
}

std::string shown(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

Result<ForwardedPort> parse_forwarded_port(const std::string& text, const json& service) {
  const auto wrong = [&](const std::string& why) { return base::error(Reason::BadRequest, "port \"" + printable(text) + "\": " + why); };
  const auto colon = text.find(':');
  const auto remote = colon == std::string::npos ? text : text.substr(colon + 1);
  auto number = port_number(remote);
  if (!number) number = named_port(service, remote);
  if (!number) {
    return wrong("[LOCAL:]REMOTE is expected, REMOTE a number or the name of a port of service " + text_at(service, {"name"}));
  }
  if (*number == 0) return wrong("REMOTE must be 1 or more");
  ForwardedPort port{*number, *number};
  if (colon == std::string::npos) return port;
  port.local = 0;
  if (colon == 0) return port;
  const auto local = port_number(std::string_view(text).substr(0, colon));
  if (!local) return wrong("LOCAL must be a number from 0 to 65535");
  port.local = *local;
  return port;
}

struct PortForwarder::Listener {
  explicit Listener(const Executor& executor) : acceptor(executor) {}
  tcp::acceptor acceptor;
  std::uint16_t remote = 0;
};

// One connection and its way to the container.
struct PortForwarder::Relay {
  explicit Relay(tcp::socket connection) : socket(std::move(connection)) {}
  tcp::socket socket;
  std::uint16_t remote = 0;
  std::shared_ptr<http::WebSocketConnection> server;

  void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
    if (server) server->abort();
  }
};

Result<std::string> PortForwarder::listen_on(const std::string& ip, ForwardedPort& port) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(ip, ec);
  if (ec) return base::error(Reason::BadRequest, "--address: \"" + printable(ip) + "\" is no IP address, and not localhost");
  auto listener = std::make_shared<Listener>(session_.executor);
  listener->remote = port.remote;
  auto& acceptor = listener->acceptor;
  const tcp::endpoint endpoint(address, port.local);
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return base::error(Reason::Conflict, "cannot listen on " + shown(endpoint) + ": " + ec.message());
  const auto bound = acceptor.local_endpoint(ec);
  port.local = bound.port();
  listeners_.push_back(listener);
  tasks_.spawn("listen", accept(std::move(listener)));
  return shown(bound);
}

Result<std::vector<std::string>> PortForwarder::listen(const std::string& address, ForwardedPort port) {
  const bool local = address == "localhost";
  auto first = listen_on(local ? "127.0.0.1" : address, port);
  if (first.has_error()) return first.error();
  std::vector<std::string> all{*first};
  if (!local) return all;
  // A machine without IPv6 has 127.0.0.1 alone.
  if (auto second = listen_on("::1", port)) all.push_back(*second);
  return all;
}

Task<void> PortForwarder::accept(std::shared_ptr<Listener> listener) {
  for (;;) {
    boost::system::error_code ec;
    auto socket = co_await listener->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted || !listener->acceptor.is_open()) co_return;
    if (ec) {  // no descriptor is left, or the client has gone already
      co_await session_.clock.sleep_for(kAcceptPause);
      continue;
    }
    socket.set_option(tcp::no_delay(true), ec);
    auto relay = std::make_shared<Relay>(std::move(socket));
    relay->remote = listener->remote;
    tasks_.spawn("connection", forward(std::move(relay)));
  }
}

void PortForwarder::complain(std::uint16_t port, const std::string& why) {
  session_.io.err << "berthctl: port " << port << ": " << printable(why) << "\n" << std::flush;
}

Task<void> PortForwarder::forward(std::shared_ptr<Relay> relay) {
  std::vector<std::string> protocols{"v4.channel.k8s.io"};
  auto target = target_ + "?ports=" + std::to_string(relay->remote);
  auto opened = co_await session_.remote.websocket(std::move(target), std::move(protocols));
  if (opened.has_error()) {
    complain(relay->remote, opened.error().message);
    relay->close();
    co_return;
  }
  relay->server = std::move(opened->socket);
  tasks_.spawn("upstream", to_server(relay));
  co_await from_server(relay);
  // What the client still sends is read by the other task, or closing would take back what it has not read yet.
  relay->server->abort();
}

Task<void> PortForwarder::to_server(std::shared_ptr<Relay> relay) {
  std::array<char, 32 * 1024> piece{};
  for (;;) {
    boost::system::error_code ec;
    const auto got = co_await relay->socket.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec));
    if (ec && ec != asio::error::eof) {
      relay->close();
      co_return;
    }
    std::string message = ec ? std::string{http::kCloseChannel, kDataChannel} : std::string(1, kDataChannel).append(piece.data(), got);
    const auto opcode = http::WebSocketOpcode::Binary;
    const bool there = co_await relay->server->send(opcode, std::move(message));
    if (!there) co_return;
    if (ec) co_return;  // the client has said all
  }
}

Task<void> PortForwarder::from_server(std::shared_ptr<Relay> relay) {
  std::array<bool, 2> announced{};  // the first message of a channel is the number of the port
  while (auto message = co_await relay->server->next()) {
    auto& bytes = message->payload;
    if (bytes.empty()) continue;
    const char channel = bytes.front();
    bytes.erase(0, 1);
    if (channel != kDataChannel && channel != kFailureChannel) continue;
    if (!std::exchange(announced[static_cast<std::size_t>(channel)], true)) continue;
    if (channel == kFailureChannel) {
      complain(relay->remote, bytes);
      relay->close();
      co_return;
    }
    boost::system::error_code ec;
    co_await asio::async_write(relay->socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
      relay->close();
      co_return;
    }
  }
  // What was written arrives before the end.
  boost::system::error_code ignored;
  relay->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

Task<void> PortForwarder::stop() {
  for (const auto& listener : listeners_) {
    boost::system::error_code ignored;
    listener->acceptor.close(ignored);
  }
  co_await tasks_.stop();
}

}  // namespace berth::cli
