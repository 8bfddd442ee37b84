#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"

namespace berth::http {

class TlsChannel;

// One connected byte stream, unix, TCP or TLS alike, with one deadline that closes it. Always owned by a shared_ptr (the timer
// refers to it weakly). Loop thread only; one reader and one writer at a time.
// Cancelled: read() and write() throw operation_aborted, unless it was the deadline or close(), which are error codes.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Protocol = asio::generic::stream_protocol;
  using Socket = Protocol::socket;
  using ErrorCode = boost::system::error_code;

  explicit Connection(Socket socket);
  ~Connection();

  // Over TCP, a peer that is gone without a word ends what waits for it within a minute.
  Task<ErrorCode> connect(Protocol::endpoint endpoint);
  // TLS from here on, over a connected socket of which nothing was read yet: handshake() comes before read() and write(). They
  // end with reset when the peer closes without the end that TLS has, so that a cut is never taken for an end.
  void use_tls(std::unique_ptr<TlsChannel> channel);
  bool encrypted() const { return tls_ != nullptr; }
  // What the server's own certificate names; null without TLS.
  std::shared_ptr<const std::vector<std::string>> server_names() const;
  // When it fails, the peer was told, tls_failure() says why, and the connection reads plain bytes: those the peer still sends.
  Task<ErrorCode> handshake();
  const std::string& tls_failure() const { return tls_failure_; }

  // Waits for bytes and appends them to buffered(). The end of the stream is asio::error::eof.
  Task<ErrorCode> read();
  Task<ErrorCode> write(std::string_view bytes);
  // Head and body without copying them together.
  Task<ErrorCode> write(std::string_view first, std::string_view second);

  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  // Replaces the deadline. When it passes, the connection is closed and whatever runs on it ends with timed_out.
  void expires_after(base::Duration duration);
  void expires_never();
  bool timed_out() const { return timed_out_; }

  // True while nobody closed it and nothing waits to be read: what an idle connection must be to be used again.
  bool usable_when_idle();
  void close();
  // Tells the peer that no more comes, and keeps reading possible. Not while a write runs.
  Task<void> shutdown_send();
  bool closed() const { return closed_; }
  Socket& socket() { return socket_; }

 private:
  void make_room();
  void wake_at(base::SteadyTime when);
  void woken();
  Task<ErrorCode> receive_ciphertext();
  Task<ErrorCode> read_tls();
  Task<ErrorCode> write_tls(std::string_view first, std::string_view second);
  Task<ErrorCode> flush();
  void say_goodbye();
  ErrorCode outcome(ErrorCode ec) const;

  Socket socket_;
  // Deadlines are set for each step of each request and hardly ever pass: the timer sleeps on when one only moves later.
  asio::steady_timer timer_;
  base::SteadyTime wakes_at_ = base::SteadyTime::max();  // max: the timer does not run
  base::SteadyTime deadline_ = base::SteadyTime::max();  // max: there is none
  bool timed_out_ = false;
  bool closed_ = false;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<TlsChannel> tls_;
  std::string sending_;  // ciphertext on its way
  bool flushing_ = false;
  std::string tls_failure_;
};

}  // namespace berth::http
