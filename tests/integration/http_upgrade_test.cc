// Connections that leave HTTP, server and client on real sockets.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "api/http/client.h"
#include "api/http/dial.h"
#include "api/http/server.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

struct UpgradesSeen {
  std::string end;  // how the handler's last read ended: "" the client's end, else the reason, or "thrown"
  int ended = 0;
};

// /shout answers in capitals, piece by piece, until the client ends, then says BYE; /refuse answers 403; /leave says its last word
// and returns at once; /wait reads for ever.
Task<void> serve_upgrades(std::shared_ptr<const ServerRequest> request, ResponseWriter& writer, UpgradesSeen& seen) {
  if (request->path == "/refuse") {
    std::string body = "no";
    co_await writer.respond(403, "text/plain", std::move(body), {});
    co_return;
  }
  Headers extra;
  extra.emplace_back("Upgrade", std::string(request->header("Upgrade")));
  auto stream = co_await writer.upgrade(std::move(extra));
  if (!stream) co_return;
  try {
    if (request->path == "/leave") {
      co_await stream->write("last word");
      co_return;
    }
    while (true) {
      auto got = co_await stream->read();
      if (!got || got->empty()) {
        if (!got) seen.end = base::to_string(got.error().reason);
        break;
      }
      for (auto& c : *got) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      co_await stream->write(std::move(*got));
    }
    co_await stream->write("BYE");
  } catch (const boost::system::system_error&) {
    seen.end = "thrown";
    ++seen.ended;
    throw;
  }
  ++seen.ended;
}

class HttpUpgrade : public ::testing::TestWithParam<const char*> {
 public:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("berth-upgrade-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    const std::string scheme = GetParam();
    if (scheme == "https") {
      const auto authority = make_authority(clock.system_now()).value();
      options.tls = TlsContext::server(issue_certificate(authority, {"127.0.0.1"}, clock.system_now()).value()).value();
      tls = TlsContext::client({.authorities = authority.certificate}).value();
    }
    server = std::make_unique<Server>(
        io.get_executor(), clock,
        [this](std::shared_ptr<const ServerRequest> request, ResponseWriter& writer) {
          return serve_upgrades(std::move(request), writer, seen);
        },
        options);
    const auto text = scheme == "unix" ? "unix://" + (directory / "api.sock").string() : scheme + "://127.0.0.1:0";
    auto listening = server->listen(parse_endpoint(text, 0).value());
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
    endpoint = *listening;
  }
  void TearDown() override {
    io.restart();
    base::run_main(io, stop());
    server.reset();
    std::filesystem::remove_all(directory);
  }
  Task<int> stop() {
    co_await server->stop(0ms);
    co_return 0;
  }
  void run(Task<int> test) {
    io.restart();
    EXPECT_EQ(base::run_main(io, std::move(test)), 0);
  }
  base::Deadline in(base::Duration duration) { return base::Deadline::after(clock.steady_now(), duration); }
  Task<Result<UpgradeAnswer>> upgrade(std::string target, std::string body = {}) {
    Client client(io.get_executor(), clock, endpoint, {.tls = tls});
    ClientRequest request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    auto answer = co_await client.upgrade(std::move(request), "shout", in(5s));
    co_return answer;
  }
  static Task<std::string> read_to_end(std::shared_ptr<ByteStream> stream) {
    std::string all;
    while (true) {
      auto got = co_await stream->read();
      if (!got) co_return all + " <" + got.error().message + ">";
      if (got->empty()) co_return all;
      all += *got;
    }
  }

  asio::io_context io;
  base::SystemClock clock;
  UpgradesSeen seen;
  std::filesystem::path directory;
  ServerOptions options;
  std::shared_ptr<const TlsContext> tls;
  std::unique_ptr<Server> server;
  Endpoint endpoint;
};

TEST_P(HttpUpgrade, CarriesBytesBothWaysAndTheHalfClose) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      auto answer = co_await t.upgrade("/shout", "a body of the request");
      EXPECT_EQ(answer.value().response.status, 101);
      EXPECT_EQ(answer.value().response.header("Upgrade"), "shout");
      EXPECT_EQ(answer.value().response.header("Connection"), "Upgrade");
      auto stream = answer.value().stream;
      EXPECT_NE(stream, nullptr);
      co_await stream->write("hello ");
      auto first = co_await stream->read();
      EXPECT_EQ(first.value(), "HELLO ");
      co_await stream->write(std::string(300'000, 'x'));
      co_await stream->shutdown_send();
      auto rest = co_await read_to_end(stream);
      EXPECT_EQ(rest.size(), 300'003u);
      EXPECT_TRUE(rest.ends_with("XBYE"));
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(seen.end, "");
}

TEST_P(HttpUpgrade, SaysItsLastWordWhateverTheClientStillSends) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      auto answer = co_await t.upgrade("/leave");
      auto stream = answer.value().stream;
      co_await stream->write("unread");
      auto rest = co_await read_to_end(stream);
      EXPECT_EQ(rest, "last word");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_P(HttpUpgrade, GivesTheAnswerOfAServerThatRefuses) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      auto answer = co_await t.upgrade("/refuse");
      EXPECT_EQ(answer.value().response.status, 403);
      EXPECT_EQ(answer.value().response.body, "no");
      EXPECT_EQ(answer.value().stream, nullptr);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_P(HttpUpgrade, EndsWithTheServer) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      auto answer = co_await t.upgrade("/wait");
      auto stream = answer.value().stream;
      co_await t.server->stop(5s);
      auto rest = co_await read_to_end(stream);
      EXPECT_EQ(rest, "");
      const bool more = co_await stream->write("x");
      stream->close();
      auto closed = co_await stream->read();
      EXPECT_EQ(closed.error().reason, Reason::Cancelled);
      co_return more ? 0 : 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(seen.end, "thrown");
  EXPECT_EQ(seen.ended, 1);
}

TEST_P(HttpUpgrade, NoticesThatTheClientIsGone) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      {
        auto answer = co_await t.upgrade("/wait");
        EXPECT_NE(answer.value().stream, nullptr);
      }
      const auto until = t.clock.steady_now() + 5s;
      while (t.seen.ended == 0 && t.clock.steady_now() < until) co_await t.clock.sleep_until(t.clock.steady_now() + 5ms);
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_EQ(seen.ended, 1);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpUpgrade, ::testing::Values("unix", "http", "https"),
                         [](const auto& info) { return std::string(info.param); });

// What came with the request's last bytes belongs to the stream.
TEST_P(HttpUpgrade, KeepsWhatWasSentTogetherWithTheRequest) {
  struct Test {
    static Task<int> run(HttpUpgrade& t) {
      auto connection = co_await dial(t.io.get_executor(), t.clock, t.endpoint, t.in(5s), t.tls);
      std::string bytes = "GET /shout HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nearly";
      co_await connection.value()->write(bytes);
      co_await connection.value()->shutdown_send();
      while (!co_await connection.value()->read()) continue;
      const std::string all(connection.value()->buffered());
      EXPECT_TRUE(all.starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n")) << all;
      EXPECT_TRUE(all.ends_with("\r\n\r\nEARLYBYE")) << all;
      co_return 0;
    }
  };
  run(Test::run(*this));
}

// A Docker engine's answer to a client that did not ask for an upgrade, and to one that did but was not understood.
TEST(HttpUpgradeOfAnEngine, TakesAnUnframed200AsTheStream) {
  asio::io_context io;
  base::SystemClock clock;
  const auto path = std::filesystem::temp_directory_path() / ("berth-hijack-" + std::to_string(::getpid()));
  std::filesystem::remove(path);
  struct Test {
    static Task<void> peer(asio::io_context& io, std::string path) {
      using Unix = asio::local::stream_protocol;
      Unix::acceptor acceptor(io, Unix::endpoint(path));
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      auto connection = std::make_shared<Connection>(Connection::Socket(std::move(socket)));
      while (connection->buffered().find("\r\n\r\n") == std::string_view::npos) co_await connection->read();
      EXPECT_NE(connection->buffered().find("Upgrade: tcp\r\n"), std::string_view::npos);
      connection->consume(connection->buffered().size());
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nfirst");
      co_await connection->read();
      std::string back(connection->buffered());
      co_await connection->write(back);
    }
    static Task<int> run(asio::io_context& io, base::Clock& clock, std::string path) {
      TaskGroup group(io.get_executor(), "peer");
      group.spawn("peer", peer(io, path));
      co_await clock.sleep_until(clock.steady_now() + 1ms);
      Client client(io.get_executor(), clock, parse_endpoint("unix://" + path, 0).value());
      ClientRequest request;
      request.method = "POST";
      request.target = "/exec/1/start";
      const auto deadline = base::Deadline::after(clock.steady_now(), 5s);
      auto answer = co_await client.upgrade(std::move(request), "tcp", deadline);
      EXPECT_EQ(answer.value().response.status, 200);
      auto stream = answer.value().stream;
      auto first = co_await stream->read();
      EXPECT_EQ(first.value(), "first");
      co_await stream->write("echo");
      auto second = co_await stream->read();
      EXPECT_EQ(second.value(), "echo");
      co_await group.join();
      co_return 0;
    }
  };
  EXPECT_EQ(base::run_main(io, Test::run(io, clock, path)), 0);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace berth::http
