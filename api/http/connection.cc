#include "api/http/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>

#include "api/http/tls_channel.h"
#include "base/clock.h"

namespace berth::http {

namespace {

constexpr std::size_t kFirstBuffer = 8 * 1024;
constexpr std::size_t kLargestReadAhead = 64 * 1024;
constexpr std::size_t kKeptCiphertext = 32 * 1024;

// A peer that is gone without a word (power, cable, firewall) is noticed within a minute, also by who only reads.
constexpr int kIdleSeconds = 20;
constexpr int kIntervalSeconds = 10;
constexpr int kProbes = 3;
constexpr int kUnacknowledgedMs = 50000;

void prepare_tcp(int fd) {
  const auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kIntervalSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
}

}  // namespace

Connection::Connection(Socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

Connection::~Connection() = default;

Connection::ErrorCode Connection::outcome(ErrorCode ec) const {
  if (timed_out_) return asio::error::timed_out;
  if (closed_ && ec) return asio::error::connection_aborted;
  if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
  return ec;
}

Task<Connection::ErrorCode> Connection::connect(Protocol::endpoint endpoint) {
  const auto self = shared_from_this();
  ErrorCode ec;
  const bool tcp = endpoint.protocol().family() != AF_UNIX;
  socket_.open(endpoint.protocol(), ec);
  if (ec) co_return ec;
  // A command that the process starts inherits no way to the server.
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (tcp) prepare_tcp(socket_.native_handle());
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
  // A unix socket whose backlog is full looks connected to the reactor.
  if (!ec && !closed_) socket_.remote_endpoint(ec);
  co_return outcome(ec);
}

void Connection::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < buffer_.size()) return;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::max(kFirstBuffer, buffer_.size() * 2));
}

Task<Connection::ErrorCode> Connection::read() {
  const auto self = shared_from_this();
  if (closed_) co_return outcome(asio::error::eof);
  make_room();
  if (tls_) {
    const auto tls_ec = co_await read_tls();
    co_return tls_ec;
  }
  const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  ErrorCode ec;
  const auto got = co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
  end_ += got;
  if (got == space.size() && buffer_.size() < kLargestReadAhead) buffer_.resize(buffer_.size() * 2);
  co_return outcome(ec);
}

Task<Connection::ErrorCode> Connection::write(std::string_view bytes) {
  const auto self = shared_from_this();
  if (closed_) co_return outcome(asio::error::broken_pipe);
  if (tls_) {
    const auto tls_ec = co_await write_tls(bytes, std::string_view());
    co_return tls_ec;
  }
  ErrorCode ec;
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, ec));
  co_return outcome(ec);
}

Task<Connection::ErrorCode> Connection::write(std::string_view first, std::string_view second) {
  const auto self = shared_from_this();
  if (closed_) co_return outcome(asio::error::broken_pipe);
  if (tls_) {
    const auto tls_ec = co_await write_tls(first, second);
    co_return tls_ec;
  }
  ErrorCode ec;
  const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(first.data(), first.size()),
                                                  asio::const_buffer(second.data(), second.size())};
  co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, ec));
  co_return outcome(ec);
}

void Connection::use_tls(std::unique_ptr<TlsChannel> channel) { tls_ = std::move(channel); }

std::shared_ptr<const std::vector<std::string>> Connection::server_names() const {
  return tls_ ? tls_->context()->names() : nullptr;
}

Task<Connection::ErrorCode> Connection::handshake() {
  const auto self = shared_from_this();
  while (true) {
    const auto step = tls_->handshake();
    if (const auto ec = co_await flush()) co_return outcome(ec);
    if (step == TlsChannel::Step::Done) co_return ErrorCode();
    if (step != TlsChannel::Step::NeedsInput) break;
    if (const auto ec = co_await receive_ciphertext()) co_return ec;
  }
  tls_failure_ = tls_->failure();
  tls_.reset();
  co_return outcome(asio::error::no_protocol_option);
}

Task<Connection::ErrorCode> Connection::receive_ciphertext() {
  const auto [data, size] = tls_->room();
  ErrorCode ec;
  const auto got = co_await socket_.async_read_some(asio::buffer(data, size), asio::redirect_error(asio::use_awaitable, ec));
  tls_->received(got);
  if (ec == asio::error::eof) ec = asio::error::connection_reset;
  co_return outcome(ec);
}

Task<Connection::ErrorCode> Connection::read_tls() {
  while (true) {
    std::size_t got = 0;
    const auto space = buffer_.size() - end_;
    const auto step = tls_->read(buffer_.data() + end_, space, got);
    if (step == TlsChannel::Step::Done) {
      end_ += got;
      if (got == space && buffer_.size() < kLargestReadAhead) buffer_.resize(buffer_.size() * 2);
      co_return ErrorCode();
    }
    if (step == TlsChannel::Step::Closed) co_return outcome(asio::error::eof);
    if (step == TlsChannel::Step::Failed) co_return outcome(asio::error::connection_reset);
    if (const auto ec = co_await receive_ciphertext()) co_return ec;
  }
}

Task<Connection::ErrorCode> Connection::write_tls(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    if (!tls_->write(first, second)) co_return outcome(asio::error::broken_pipe);
    if (const auto ec = co_await flush()) co_return outcome(ec);
  }
  co_return ErrorCode();
}

// What a reader adds to the output meanwhile goes with it.
Task<Connection::ErrorCode> Connection::flush() {
  ErrorCode ec;
  while (!ec && !closed_ && !tls_->output().empty()) {
    sending_.clear();
    sending_.swap(tls_->output());
    flushing_ = true;
    co_await asio::async_write(socket_, asio::buffer(sending_), asio::redirect_error(asio::use_awaitable, ec));
    flushing_ = false;
    if (sending_.capacity() > kKeptCiphertext) std::string().swap(sending_);
  }
  co_return ec;
}

// The end of TLS, if it can be sent at once.
void Connection::say_goodbye() {
  if (!tls_ || flushing_) return;
  tls_->end();
  const auto& output = tls_->output();
  if (!output.empty()) ::send(socket_.native_handle(), output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Connection::expires_after(base::Duration duration) {
  deadline_ = base::SystemClock().steady_now() + duration;
  if (deadline_ < wakes_at_) wake_at(deadline_);
}

void Connection::wake_at(base::SteadyTime when) {
  wakes_at_ = when;
  timer_.expires_at(when);
  timer_.async_wait([weak = weak_from_this()](ErrorCode ec) {
    const auto self = weak.lock();
    if (!ec && self) self->woken();
  });
}

void Connection::woken() {
  wakes_at_ = base::SteadyTime::max();
  if (closed_ || deadline_ == base::SteadyTime::max()) return;
  if (base::SystemClock().steady_now() < deadline_) return wake_at(deadline_);
  timed_out_ = true;
  close();
}

void Connection::expires_never() { deadline_ = base::SteadyTime::max(); }

bool Connection::usable_when_idle() {
  if (closed_ || !buffered().empty() || (tls_ && tls_->holds_input())) return false;
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::close() {
  if (closed_) return;
  say_goodbye();
  closed_ = true;
  expires_never();
  timer_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
}

Task<void> Connection::shutdown_send() {
  const auto self = shared_from_this();
  if (tls_ && !closed_) {
    tls_->end();
    co_await flush();
  }
  ErrorCode ignored;
  if (!closed_) socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace berth::http
