// The HTTP server on real sockets, against our client and against raw bytes.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "api/http/client.h"
#include "api/http/dial.h"
#include "api/http/server.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

struct Seen {
  std::vector<ServerRequest> requests;
  int cancelled = 0;
  int ended = 0;
};

// /echo answers what it got; /stream writes three pieces; /endless waits for ever in a stream; /throw throws; /silent does nothing;
// /slow answers after 100 ms; /flood writes until it may not.
Task<void> serve(std::shared_ptr<const ServerRequest> request, ResponseWriter& writer, Seen& seen, base::Clock& clock,
                 base::Signal& never) {
  seen.requests.push_back(*request);
  try {
    if (request->path == "/echo") co_await writer.respond(200, "text/plain", request->method + " " + request->body, {});
    if (request->path == "/slow") {
      co_await clock.sleep_until(clock.steady_now() + 100ms);
      co_await writer.respond(200, "text/plain", "slow", {});
    }
    if (request->path == "/throw") throw std::runtime_error("secret");
    if (request->path == "/stream") {
      co_await writer.start_stream(200, "text/plain", {});
      for (int i = 0; i < 3; ++i) co_await writer.write(std::to_string(i) + "\n");
    }
    if (request->path == "/endless") {
      co_await writer.start_stream(200, "text/plain", {});
      co_await never.wait();
    }
    if (request->path == "/flood") {
      co_await writer.start_stream(200, "text/plain", {});
      bool more = true;
      while (more) more = co_await writer.write(std::string(100'000, 'x'));
    }
  } catch (const boost::system::system_error&) {
    ++seen.cancelled;
    throw;
  }
  ++seen.ended;
}

class HttpServerOnSockets : public ::testing::Test {
 public:
  HttpServerOnSockets() : never(io.get_executor()) {}
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("berth-server-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    socket.kind = Endpoint::Kind::Unix;
    socket.path = directory / "api.sock";
    options.body_limit = 1000;
    options.error_body = [](int status, const std::string&) { return "{\"code\":" + std::to_string(status) + "}"; };
    make_server();
  }
  void TearDown() override {
    io.restart();
    base::run_main(io, stop(0ms));
    server.reset();
    std::filesystem::remove_all(directory);
  }
  void make_server() {
    server = std::make_unique<Server>(
        io.get_executor(), clock,
        [this](std::shared_ptr<const ServerRequest> request, ResponseWriter& writer) {
          return serve(std::move(request), writer, seen, clock, never);
        },
        options);
  }
  Task<int> stop(base::Duration grace) {
    co_await server->stop(grace);
    co_return 0;
  }
  void run(Task<int> test) {
    io.restart();
    EXPECT_EQ(base::run_main(io, std::move(test)), 0);
  }
  base::Deadline in(base::Duration duration) { return base::Deadline::after(clock.steady_now(), duration); }
  Task<Result<ClientResponse>> send(Client& client, std::string method, std::string target, std::string body) {
    ClientRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.content_type = "text/plain";
    auto response = co_await client.request(std::move(request), in(5s));
    co_return response;
  }
  // Sends bytes and returns everything that comes back until the server closes.
  Task<std::string> raw(std::string bytes) {
    auto connection = co_await dial(io.get_executor(), clock, socket, in(5s));
    if (!connection) co_return connection.error().message;
    co_await (*connection)->write(bytes);
    while (!co_await (*connection)->read()) continue;
    co_return std::string((*connection)->buffered());
  }
  // Waits until `condition` holds, at most 5 s.
  template <class F>
  Task<bool> eventually(F condition) {
    const auto until = clock.steady_now() + 5s;
    while (!condition() && clock.steady_now() < until) co_await clock.sleep_until(clock.steady_now() + 5ms);
    co_return condition();
  }

  asio::io_context io;
  base::SystemClock clock;
  base::Signal never;
  Seen seen;
  std::filesystem::path directory;
  Endpoint socket;
  ServerOptions options;
  std::unique_ptr<Server> server;
};

TEST_F(HttpServerOnSockets, AnswersOverBothTransportsOnKeptConnections) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t, Endpoint endpoint) {
      Client client(t.io.get_executor(), t.clock, endpoint);
      for (int i = 0; i < 3; ++i) {
        auto answer = co_await t.send(client, "POST", "/echo?a=%20b", "hello");
        EXPECT_EQ(answer.value().status, 200);
        EXPECT_EQ(answer.value().body, "POST hello");
      }
      EXPECT_EQ(t.server->connections(), 1u);
      auto head = co_await t.send(client, "HEAD", "/echo", "");
      EXPECT_EQ(head.value().body, "");
      EXPECT_EQ(head.value().header("content-length"), "5");
      auto after = co_await t.send(client, "GET", "/echo", "");
      EXPECT_EQ(after.value().body, "GET ");
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  Endpoint any{.host = "127.0.0.1"};
  const auto tcp = server->listen(any);
  ASSERT_TRUE(tcp.has_value());
  EXPECT_GT(tcp->port, 0);
  run(Test::run(*this, socket));
  EXPECT_TRUE(seen.requests.back().over_unix_socket);
  EXPECT_EQ(seen.requests.front().query_value("a"), " b");
  Endpoint by_name{.host = "localhost", .port = tcp->port};
  EXPECT_EQ(seen.requests.size(), 5u);
  seen.requests.clear();
  run(stop(0ms));
  make_server();
  ASSERT_TRUE(server->listen(by_name).has_value());
  run(Test::run(*this, by_name));
  EXPECT_FALSE(seen.requests.back().over_unix_socket);
  EXPECT_TRUE(seen.requests.back().peer.starts_with("127.0.0.1:"));
}

TEST_F(HttpServerOnSockets, RefusesWhatIsTooLargeAndWhatIsMalformed) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      Client client(t.io.get_executor(), t.clock, t.socket);
      auto large = co_await t.send(client, "POST", "/echo", std::string(5'000'000, 'x'));
      EXPECT_EQ(large.value().status, 413);
      EXPECT_EQ(large.value().body, "{\"code\":413}");
      auto chunked = co_await t.raw("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') + "\r\n");
      EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 Request Entity Too Large\r\n")) << chunked;
      auto malformed = co_await t.raw("GARBAGE\r\n\r\n");
      EXPECT_TRUE(malformed.starts_with("HTTP/1.1 400 Bad Request\r\n")) << malformed;
      auto target = co_await t.raw("GET /%zz HTTP/1.1\r\n\r\n");
      EXPECT_TRUE(target.starts_with("HTTP/1.1 400")) << target;
      auto head = co_await t.raw("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
      EXPECT_TRUE(head.starts_with("HTTP/1.1 431")) << head;
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
  EXPECT_TRUE(seen.requests.empty());
}

TEST_F(HttpServerOnSockets, HidesTheTextOfAnExceptionAndNoticesAMissingAnswer) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      Client client(t.io.get_executor(), t.clock, t.socket);
      auto thrown = co_await t.send(client, "GET", "/throw", "");
      EXPECT_EQ(thrown.value().status, 500);
      EXPECT_EQ(thrown.value().body, "{\"code\":500}");
      auto silent = co_await t.send(client, "GET", "/silent", "");
      EXPECT_EQ(silent.value().status, 500);
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, ServesPipelinedAndOldClients) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      auto two = co_await t.raw("GET /echo HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\nConnection: close\r\n\r\n");
      EXPECT_EQ(two.find("HTTP/1.1 200 OK"), 0u);
      EXPECT_NE(two.rfind("HTTP/1.1 200 OK"), 0u);
      EXPECT_NE(two.find("Connection: close"), std::string::npos);
      auto old = co_await t.raw("GET /stream HTTP/1.0\r\n\r\n");
      EXPECT_TRUE(old.ends_with("\r\n\r\n0\n1\n2\n")) << old;
      auto expecting = co_await t.raw("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
      EXPECT_TRUE(expecting.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << expecting;
      auto closing = co_await t.raw("GET /stream HTTP/1.1\r\nConnection: close\r\n\r\n");
      EXPECT_TRUE(closing.ends_with("2\n\r\n0\r\n\r\n")) << closing;
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, CancelsAStreamWhoseClientLeft) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      Client client(t.io.get_executor(), t.clock, t.socket);
      {
        ClientRequest request;
        request.target = "/endless";
        auto stream = co_await client.stream(std::move(request), t.in(5s));
        EXPECT_EQ(stream.value()->status(), 200);
        EXPECT_EQ(t.seen.cancelled, 0);
      }
      const bool noticed = co_await t.eventually([&t] { return t.seen.cancelled == 1; });
      EXPECT_TRUE(noticed);
      const bool gone = co_await t.eventually([&t] { return t.server->connections() == 0; });
      EXPECT_TRUE(gone);
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, EndsAFloodWhenItsClientLeaves) {
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      Client client(t.io.get_executor(), t.clock, t.socket);
      {
        ClientRequest request;
        request.target = "/flood";
        auto stream = co_await client.stream(std::move(request), t.in(5s));
        auto piece = co_await stream.value()->read(t.in(5s));
        EXPECT_FALSE(piece.value().empty());
      }
      const bool ended = co_await t.eventually([&t] { return t.seen.cancelled + t.seen.ended == 1; });
      EXPECT_TRUE(ended);
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, StopEndsStreamsCleanlyAndWaitsForRunningRequests) {
  struct Test {
    static Task<void> slow(HttpServerOnSockets& t, Client& client, int& answered) {
      auto answer = co_await t.send(client, "GET", "/slow", "");
      if (answer.has_value() && answer->body == "slow") ++answered;
    }
    static Task<int> run(HttpServerOnSockets& t) {
      Client client(t.io.get_executor(), t.clock, t.socket);
      auto idle = co_await t.send(client, "GET", "/echo", "");
      EXPECT_TRUE(idle.has_value());
      ClientRequest request;
      request.target = "/endless";
      auto stream = co_await client.stream(std::move(request), t.in(5s));
      TaskGroup group(t.io.get_executor(), "test");
      int answered = 0;
      Client other(t.io.get_executor(), t.clock, t.socket);
      group.spawn("slow", slow(t, other, answered));
      const bool running = co_await t.eventually([&t] { return t.seen.requests.back().path == "/slow"; });
      EXPECT_TRUE(running);
      co_await t.server->stop(5s);
      auto end = co_await stream.value()->read(t.in(1s));
      EXPECT_TRUE(end.has_value());
      co_await group.join();
      EXPECT_EQ(answered, 1);
      EXPECT_EQ(t.server->connections(), 0u);
      EXPECT_FALSE(std::filesystem::exists(t.socket.path));
      auto refused = co_await t.send(client, "GET", "/echo", "");
      EXPECT_TRUE(refused.has_error());
      co_return 0;
    }
  };
  ASSERT_TRUE(server->listen(socket).has_value());
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, ClosesAConnectionThatSendsNothingInTime) {
  options.header_timeout = 50ms;
  make_server();
  ASSERT_TRUE(server->listen(socket).has_value());
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      const auto before = t.clock.steady_now();
      auto nothing = co_await t.raw("GET / HTTP/1.1\r\nX-Slow");
      EXPECT_EQ(nothing, "");
      EXPECT_LT(t.clock.steady_now() - before, 3s);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, RefusesConnectionsAboveItsLimit) {
  options.max_connections = 1;
  make_server();
  ASSERT_TRUE(server->listen(socket).has_value());
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      Client one(t.io.get_executor(), t.clock, t.socket);
      auto kept = co_await t.send(one, "GET", "/echo", "");
      EXPECT_TRUE(kept.has_value());
      auto refused = co_await t.raw("GET /echo HTTP/1.1\r\n\r\n");
      EXPECT_EQ(refused, "");
      EXPECT_EQ(t.server->refused_connections(), 1u);
      auto still = co_await t.send(one, "GET", "/echo", "");
      EXPECT_TRUE(still.has_value());
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpServerOnSockets, OneFullListenerLeavesTheOthersOpen) {
  options.max_connections = 1;
  make_server();
  const auto tcp = server->listen(parse_endpoint("http://127.0.0.1:0", 0).value());
  ASSERT_TRUE(server->listen(socket).has_value());
  struct Test {
    static Task<int> run(HttpServerOnSockets& t, Endpoint full) {
      Client crowd(t.io.get_executor(), t.clock, full);
      auto kept = co_await t.send(crowd, "GET", "/echo", "");
      EXPECT_TRUE(kept.has_value());
      Client other(t.io.get_executor(), t.clock, t.socket);
      auto answered = co_await t.send(other, "GET", "/echo", "");
      EXPECT_TRUE(answered.has_value());
      co_return 0;
    }
  };
  run(Test::run(*this, tcp.value()));
}

TEST_F(HttpServerOnSockets, LeavesTheBodyOfAnUnwelcomeRequestUnread) {
  options.wants_body = [](const ServerRequest& request) { return request.header("X-Welcome") == "yes"; };
  make_server();
  ASSERT_TRUE(server->listen(socket).has_value());
  struct Test {
    static Task<int> run(HttpServerOnSockets& t) {
      auto unread = co_await t.raw("POST /echo HTTP/1.1\r\nContent-Length: 900\r\n\r\n");
      EXPECT_TRUE(unread.starts_with("HTTP/1.1 200")) << unread;
      EXPECT_NE(unread.find("Connection: close"), std::string::npos) << unread;
      auto sent = co_await t.raw("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\nX-Welcome: yes\r\n\r\nabc");
      EXPECT_TRUE(sent.ends_with("POST abc")) << sent;
      co_return 0;
    }
  };
  run(Test::run(*this));
  ASSERT_EQ(seen.requests.size(), 2u);
  EXPECT_EQ(seen.requests[0].body, "");
}

TEST_F(HttpServerOnSockets, RefusesASocketPathThatIsTooLong) {
  socket.path = "/tmp/" + std::string(150, 'x');
  EXPECT_EQ(server->listen(socket).error().reason, Reason::Invalid);
}

TEST_F(HttpServerOnSockets, GivesTheSocketItsModeAndGroup) {
  options.socket_mode = 0600;
  options.socket_group = ::getgrgid(::getgid())->gr_name;
  make_server();
  ASSERT_TRUE(server->listen(socket).has_value());
  struct stat info {};
  ASSERT_EQ(::stat(socket.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_gid, ::getgid());

  Server other(io.get_executor(), clock, nullptr, ServerOptions{.socket_group = "no-such-group"});
  Endpoint elsewhere = socket;
  elsewhere.path += "2";
  EXPECT_EQ(other.listen(elsewhere).error().reason, Reason::Invalid);
  EXPECT_FALSE(std::filesystem::exists(elsewhere.path));
}

TEST_F(HttpServerOnSockets, ReplacesAStaleSocketButNeverALiveOneNorAFile) {
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ::close(stale);
  EXPECT_TRUE(server->listen(socket).has_value());

  EXPECT_EQ(server->listen(socket).error().reason, Reason::Conflict);
  Endpoint file = socket;
  file.path = directory / "file";
  std::ofstream(file.path) << "precious";
  EXPECT_EQ(server->listen(file).error().reason, Reason::Conflict);
  EXPECT_EQ(std::filesystem::file_size(file.path), 8u);
}

TEST_F(HttpServerOnSockets, ListensOnLoopbackOnly) {
  for (const auto* host : {"0.0.0.0", "192.0.2.1", "::", "example.com"}) {
    Endpoint endpoint{.host = host};
    EXPECT_EQ(server->listen(endpoint).error().reason, Reason::Invalid) << host;
  }
  Endpoint first{.host = "127.0.0.1"};
  const auto bound = server->listen(first);
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(server->listen(*bound).error().reason, Reason::Conflict);
}

}  // namespace
}  // namespace berth::http
