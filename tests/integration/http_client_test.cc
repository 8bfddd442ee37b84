// The HTTP client against a scripted peer on real sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <filesystem>

#include "api/http/client.h"
#include "api/http/connection.h"
#include "api/http/dial.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "tests/fakes/run_task.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using Unix = asio::local::stream_protocol;

// What the peer does on one accepted connection, for each request head that it reads.
struct Script {
  std::vector<std::string> answers;  // one per request; afterwards the connection is closed
  bool read_first = true;            // false: answers (or closes) without reading
  base::Duration pause{};            // before each answer
};

class Peer {
 public:
  Peer(asio::io_context& io, std::string path)
      : acceptor_(io, Unix::endpoint(path)), group_(io.get_executor(), "peer") {}
  void start() { group_.spawn("accept", accept()); }
  Task<void> stop() { co_await group_.stop(); }

  std::deque<Script> scripts;  // by order of connection; the last one repeats
  std::vector<std::string> requests;
  int accepted = 0;
  int closed_by_client = 0;

 private:
  Task<void> accept() {
    while (true) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      ++accepted;
      Script script = scripts.front();
      if (scripts.size() > 1) scripts.pop_front();
      group_.spawn("serve", serve(std::make_shared<Connection>(Connection::Socket(std::move(socket))), script));
    }
  }

  Task<void> serve(std::shared_ptr<Connection> connection, Script script) {
    for (const auto& answer : script.answers) {
      while (script.read_first && connection->buffered().find("\r\n\r\n") == std::string_view::npos) {
        if (co_await connection->read()) {
          ++closed_by_client;
          co_return;
        }
      }
      requests.emplace_back(connection->buffered());
      connection->consume(connection->buffered().size());
      if (script.pause > 0s) {
        base::SystemClock clock;
        co_await clock.sleep_for(script.pause);
      }
      co_await connection->write(answer);
    }
    if (script.answers.empty()) co_return;
  }

  Unix::acceptor acceptor_;
  TaskGroup group_;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class HttpClientOnSockets : public ::testing::Test {
 public:
  void SetUp() override {
    path = (std::filesystem::temp_directory_path() / ("berth-http-" + std::to_string(::getpid()) + ".sock")).string();
    std::filesystem::remove(path);
    peer = std::make_unique<Peer>(io, path);
    Endpoint endpoint;
    endpoint.kind = Endpoint::Kind::Unix;
    endpoint.path = path;
    client = std::make_unique<Client>(io.get_executor(), clock, endpoint);
    peer->start();
  }
  void TearDown() override {
    client.reset();
    peer.reset();
    std::filesystem::remove(path);
  }

  // Runs a test's coroutine, then lets the peer end.
  void run(Task<int> test) {
    EXPECT_EQ(base::run_main(io, std::move(test)), 0);
    io.restart();
    base::run_main(io, finish());
  }
  Task<int> finish() {
    co_await peer->stop();
    co_return 0;
  }

  base::Deadline in(base::Duration duration) { return base::Deadline::after(clock.steady_now(), duration); }

  Task<Result<ClientResponse>> get(std::string target) {
    ClientRequest request;
    request.target = std::move(target);
    auto response = co_await client->request(std::move(request), in(2s));
    co_return response;
  }

  Task<Result<std::unique_ptr<ClientStream>>> open(std::string target) {
    ClientRequest request;
    request.target = std::move(target);
    auto stream = co_await client->stream(std::move(request), in(2s));
    co_return stream;
  }

  asio::io_context io;
  base::SystemClock clock;
  std::string path;
  std::unique_ptr<Peer> peer;
  std::unique_ptr<Client> client;
};

TEST_F(HttpClientOnSockets, KeepsAConnectionForTheNextRequest) {
  peer->scripts = {{{ok("one"), ok("two")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto one = co_await t.get("/1");
      auto two = co_await t.get("/2");
      EXPECT_EQ(one.value().body, "one");
      EXPECT_EQ(two.value().body, "two");
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 1);
  EXPECT_TRUE(peer->requests.at(0).starts_with("GET /1 HTTP/1.1\r\nHost: localhost\r\n"));
}

TEST_F(HttpClientOnSockets, RepeatsARequestWhenTheKeptConnectionWasClosed) {
  peer->scripts = {{{ok("one")}}, {{ok("two")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto one = co_await t.get("/1");
      EXPECT_EQ(one.value().body, "one");
      auto two = co_await t.get("/2");
      EXPECT_EQ(two.value().body, "two");
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 2);
}

TEST_F(HttpClientOnSockets, DecodesAChunkedAnswer) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", ok("x")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto one = co_await t.get("/1");
      EXPECT_EQ(one.value().body, "abcde");
      auto two = co_await t.get("/2");
      EXPECT_EQ(two.value().body, "x");
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 1);
}

TEST_F(HttpClientOnSockets, ReadsABodyThatEndsWithTheConnection) {
  peer->scripts = {{{"HTTP/1.0 404 Not Found\r\n\r\nno such container"}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/1");
      EXPECT_EQ(answer.value().status, 404);
      EXPECT_EQ(answer.value().body, "no such container");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, SaysThatABodyWasCut) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/1");
      EXPECT_EQ(answer.error().reason, Reason::ServiceUnavailable);
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 1);
}

TEST_F(HttpClientOnSockets, PassesOverAnInformationalAnswer) {
  peer->scripts = {{{"HTTP/1.1 100 Continue\r\n\r\n" + ok("done")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/1");
      EXPECT_EQ(answer.value().body, "done");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, HeadHasNoBodyWhateverItsLengthSays) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ok("next")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      ClientRequest head;
      head.method = "HEAD";
      head.target = "/1";
      auto one = co_await t.client->request(std::move(head), t.in(1s));
      EXPECT_EQ(one.value().body, "");
      auto two = co_await t.get("/2");
      EXPECT_EQ(two.value().body, "next");
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 1);
}

TEST_F(HttpClientOnSockets, EndsAtItsDeadlineAndClosesTheConnection) {
  peer->scripts = {{{ok("late")}, true, 10s}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      ClientRequest request;
      request.target = "/slow";
      const auto before = t.clock.steady_now();
      auto answer = co_await t.client->request(std::move(request), t.in(50ms));
      EXPECT_EQ(answer.error().reason, Reason::Timeout);
      EXPECT_LT(t.clock.steady_now() - before, 5s);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, NamesTheEndpointWhenNobodyListens) {
  std::filesystem::remove(path);
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/1");
      EXPECT_EQ(answer.error().reason, Reason::ServiceUnavailable);
      EXPECT_EQ(answer.error().message, "unix://" + t.path + ": No such file or directory");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, DeliversAStreamAsItArrives) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n", "2\r\nb\n\r\n", "0\r\n\r\n"}, false, 30ms}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto stream = co_await t.open("/events");
      EXPECT_EQ(stream.value()->status(), 200);
      auto one = co_await stream.value()->read(t.in(1s));
      EXPECT_EQ(one.value(), "a\n");
      auto two = co_await stream.value()->read(t.in(1s));
      EXPECT_EQ(two.value(), "b\n");
      auto end = co_await stream.value()->read(t.in(1s));
      EXPECT_EQ(end.value(), "");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, ReportsAStreamThatIsCut) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n"}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto stream = co_await t.open("/events");
      auto one = co_await stream.value()->read(t.in(1s));
      EXPECT_EQ(one.value(), "a\n");
      auto end = co_await stream.value()->read(t.in(1s));
      EXPECT_EQ(end.error().reason, Reason::ServiceUnavailable);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpClientOnSockets, CancellingAReaderEndsItAtOnce) {
  peer->scripts = {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ok("never")}, true, 0s}};
  struct Test {
    static Task<void> reader(HttpClientOnSockets& t, bool& cancelled) {
      auto stream = co_await t.open("/events");
      try {
        co_await stream.value()->read(base::Deadline::never());
      } catch (const std::exception&) {
        cancelled = base::is_cancellation(std::current_exception());
        throw;
      }
    }
    static Task<int> run(HttpClientOnSockets& t, bool& cancelled) {
      TaskGroup group(t.io.get_executor(), "test");
      group.spawn("reader", reader(t, cancelled));
      co_await t.clock.sleep_for(50ms);
      co_await group.stop();
      co_return 0;
    }
  };
  bool cancelled = false;
  run(Test::run(*this, cancelled));
  EXPECT_TRUE(cancelled);
}

TEST_F(HttpClientOnSockets, WaitsForAFreeConnection) {
  ClientOptions options;
  options.max_connections = 1;
  client = std::make_unique<Client>(io.get_executor(), clock, client->endpoint(), options);
  peer->scripts = {{{ok("a"), ok("b"), ok("c")}, true, 5ms}};
  struct Test {
    static Task<void> one(HttpClientOnSockets& t, int& done) {
      auto answer = co_await t.get("/");
      if (answer.has_value()) ++done;
    }
    static Task<int> run(HttpClientOnSockets& t, int& done) {
      TaskGroup group(t.io.get_executor(), "test");
      for (int i = 0; i < 3; ++i) group.spawn("one", one(t, done));
      co_await group.join();
      co_return 0;
    }
  };
  int done = 0;
  run(Test::run(*this, done));
  EXPECT_EQ(done, 3);
  EXPECT_EQ(peer->accepted, 1);
}

TEST_F(HttpClientOnSockets, AMessageNamesTheRequestWithoutItsQuery) {
  peer->scripts = {Script{{}, false}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/images/create?fromImage=a%2Fb&tag=1");
      EXPECT_TRUE(answer.error().message.ends_with("(GET /images/create)")) << answer.error().message;
      co_return 0;
    }
  };
  run(Test::run(*this));
}

int option_of(Connection& connection, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(connection.socket().native_handle(), level, name, &value, &size);
  return value;
}

Endpoint local_tcp(std::uint16_t port) {
  Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = port;
  return endpoint;
}

TEST(Dial, OverTcpAHostThatIsGoneIsNoticed) {
  asio::io_context io;
  base::SystemClock clock;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const auto deadline = base::Deadline::after(clock.steady_now(), 5s);
  const auto connected =
      fakes::run_task(io, dial(io.get_executor(), clock, local_tcp(acceptor.local_endpoint().port()), deadline));
  ASSERT_TRUE(connected.has_value()) << connected.error().message;
  EXPECT_EQ(option_of(**connected, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of(**connected, IPPROTO_TCP, TCP_KEEPIDLE), 20);
  EXPECT_EQ(option_of(**connected, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option_of(**connected, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option_of(**connected, IPPROTO_TCP, TCP_USER_TIMEOUT), 50000);
}

TEST(Dial, AnAddressThatSwallowsPacketsLeavesTimeForTheNext) {
  asio::io_context io;
  base::SystemClock clock;
  // Nobody accepts, and the queue is full: what comes then is dropped.
  asio::ip::tcp::acceptor full(io, asio::ip::tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  const auto port = full.local_endpoint().port();
  std::deque<asio::ip::tcp::socket> fill;
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(io, asio::ip::tcp::v4());
    fill.back().native_non_blocking(true);
    const asio::ip::tcp::endpoint to(asio::ip::address_v4::loopback(), port);
    ::connect(fill.back().native_handle(), to.data(), static_cast<socklen_t>(to.size()));
  }
  asio::ip::tcp::acceptor other(io);
  boost::system::error_code no_ipv6;
  other.open(asio::ip::tcp::v6(), no_ipv6);
  if (!no_ipv6) other.bind({asio::ip::address_v6::loopback(), port}, no_ipv6);
  if (no_ipv6) GTEST_SKIP() << "[::1]: " << no_ipv6.message();
  other.listen();

  const auto deadline = base::Deadline::after(clock.steady_now(), 1s);
  auto connected = fakes::run_task(io, dial(io.get_executor(), clock, local_tcp(port), deadline));
  ASSERT_TRUE(connected.has_value()) << connected.error().message;
  EXPECT_EQ((*connected)->socket().remote_endpoint().protocol().family(), AF_INET6);

  other.close();
  const auto again = base::Deadline::after(clock.steady_now(), 200ms);
  connected = fakes::run_task(io, dial(io.get_executor(), clock, local_tcp(port), again));
  ASSERT_TRUE(connected.has_error());
  EXPECT_EQ(connected.error().reason, Reason::Timeout);
}

TEST_F(HttpClientOnSockets, RefusesATargetThatWouldAddAHeader) {
  peer->scripts = {{{ok("a")}}};
  struct Test {
    static Task<int> run(HttpClientOnSockets& t) {
      auto answer = co_await t.get("/x HTTP/1.1\r\nEvil: 1");
      EXPECT_EQ(answer.error().reason, Reason::BadRequest);
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(peer->accepted, 0);
}

}  // namespace
}  // namespace berth::http
