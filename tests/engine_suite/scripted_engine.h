#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/connection.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::engine_suite {

struct Request {
  std::string line;  // "GET /v1.45/info"
  std::string head;
  std::string body;
};

struct Answer {
  enum class Then { Keep, Close, Stay };  // the connection
  std::vector<std::string> pieces;
  Then then = Then::Keep;
  const bool* gate = nullptr;  // nothing is written until it is true
};

inline Answer answer(int status, const std::string& body) {
  return {{"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body}};
}

// The body ends with the connection.
inline Answer stream(std::vector<std::string> pieces, Answer::Then then) {
  pieces.insert(pieces.begin(), "HTTP/1.1 200 OK\r\n\r\n");
  return {std::move(pieces), then};
}

inline std::string refusal(const std::string& text) { return R"({"message":")" + text + R"("})"; }

// Refuses other versions than its own as engines do; everything else is the test's.
class ScriptedEngine {
 public:
  explicit ScriptedEngine(asio::io_context& io)
      : io_(io), changed_(io.get_executor()), group_(io.get_executor(), "peer") {}

  template <class Protocol>
  typename Protocol::endpoint listen(const typename Protocol::endpoint& where) {
    auto acceptor = std::make_shared<typename Protocol::acceptor>(io_, where);
    group_.spawn("accept", accept(acceptor));
    return acceptor->local_endpoint();
  }
  Task<void> stop() { co_await group_.stop(); }

  std::function<Answer(const Request&)> script;  // of what is neither /_ping nor of a wrong version
  std::string least = "1.24";
  std::string most = "1.45";
  std::vector<Request> requests;
  int accepted = 0;
  int hung_up = 0;  // by the client, on a connection that stays
  int written = 0;  // answers that went out to their end

  bool hangs = false;
  void look_again() { changed_.notify_all(); }
  // Ends the connections that stay.
  void cut() {
    for (const auto& connection : std::exchange(staying_, {})) connection->close();
  }
  int count(std::string_view line) const {
    int n = 0;
    for (const auto& request : requests) n += request.line == line;
    return n;
  }

 private:
  template <class Acceptor>
  Task<void> accept(std::shared_ptr<Acceptor> acceptor) {
    while (true) {
      auto socket = co_await acceptor->async_accept(asio::use_awaitable);
      ++accepted;
      group_.spawn("serve",
                   serve(std::make_shared<http::Connection>(http::Connection::Socket(std::move(socket)))));
    }
  }

  static std::size_t content_length(std::string_view head) {
    constexpr std::string_view kName = "Content-Length: ";
    std::size_t length = 0;
    const auto at = head.find(kName);
    if (at != std::string_view::npos)
      std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
    return length;
  }

  Task<bool> read(http::Connection& connection, Request& request) {
    std::size_t end = 0;
    while ((end = connection.buffered().find("\r\n\r\n")) == std::string_view::npos) {
      if (co_await connection.read()) co_return false;
    }
    request.head = connection.buffered().substr(0, end);
    request.line = request.head.substr(0, request.head.find(" HTTP/"));
    connection.consume(end + 4);
    const auto length = content_length(request.head);
    while (connection.buffered().size() < length) {
      if (co_await connection.read()) co_return false;
    }
    request.body = connection.buffered().substr(0, length);
    connection.consume(length);
    co_return true;
  }

  Answer answer_to(const Request& request) {
    if (request.line == "GET /_ping") {
      return {{"HTTP/1.1 200 OK\r\nApi-Version: " + most + "\r\nContent-Length: 2\r\n\r\nOK"}};
    }
    const auto slash = request.line.find("/v1.");
    const auto version = request.line.substr(slash + 2, 4);
    if (version > most) {
      return answer(400, refusal("client version " + version +
                                 " is too new. Maximum supported API version is " + most));
    }
    if (version < least) {
      return answer(400,
                    refusal("client version " + version + " is too old. Minimum supported API version is " +
                            least + ", please upgrade your client to a newer version"));
    }
    return script(request);
  }

  Task<void> serve(std::shared_ptr<http::Connection> connection) {
    while (true) {
      Request request;
      const bool complete = co_await read(*connection, request);
      if (!complete) co_return;
      requests.push_back(request);
      while (hangs) co_await changed_.wait();
      const auto answer = answer_to(request);
      while (answer.gate && !*answer.gate) co_await changed_.wait();
      for (const auto& piece : answer.pieces) {
        if (co_await connection->write(piece)) co_return;
      }
      ++written;
      look_again();
      if (answer.then == Answer::Then::Close) co_return;
      if (answer.then == Answer::Then::Stay) staying_.push_back(connection);
      while (answer.then == Answer::Then::Stay) {
        if (!co_await connection->read()) continue;
        if (!connection->closed()) ++hung_up;
        look_again();
        co_return;
      }
    }
  }

  asio::io_context& io_;
  base::Signal changed_;
  std::list<std::shared_ptr<http::Connection>> staying_;
  TaskGroup group_;
};

}  // namespace berth::engine_suite
