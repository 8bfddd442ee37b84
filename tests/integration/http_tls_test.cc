// The HTTP server and client over TLS on real sockets, and what comes instead of TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "api/http/client.h"
#include "api/http/dial.h"
#include "api/http/server.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class HttpOverTls : public ::testing::Test {
 public:
  HttpOverTls() : never(io.get_executor()) {}
  void SetUp() override {
    authority = make_authority(clock.system_now()).value();
    options.header_timeout = 5s;
    options.tls = certificate_for({"127.0.0.1", "localhost"});
    trust = TlsContext::client({.authorities = authority.certificate}).value();
    start();
  }
  void start() {
    server = std::make_unique<Server>(
        io.get_executor(), clock,
        [this](std::shared_ptr<const ServerRequest> request, ResponseWriter& writer) {
          return serve(*this, std::move(request), writer);
        },
        options);
    endpoint = server->listen(parse_endpoint("https://127.0.0.1:0", 0).value()).value();
  }
  void TearDown() override { run(stop()); }
  Task<int> stop() {
    co_await server->stop(0ms);
    co_return 0;
  }
  // /echo gives the body back; /large is 5 MB; /endless is a stream that waits for ever.
  static Task<void> serve(HttpOverTls& t, std::shared_ptr<const ServerRequest> request, ResponseWriter& writer) {
    t.server_names = request->server_names;
    std::string body = request->body;
    if (request->path == "/large") body.assign(5'000'000, 'x');
    if (request->path != "/endless") {
      co_await writer.respond(200, "text/plain", std::move(body), {});
      co_return;
    }
    co_await writer.start_stream(200, "text/plain", {});
    std::string piece = "piece";
    co_await writer.write(std::move(piece));
    try {
      co_await t.never.wait();
    } catch (const boost::system::system_error&) {
      t.left = true;
      throw;
    }
  }
  std::shared_ptr<const TlsContext> certificate_for(const std::vector<std::string>& names) {
    return TlsContext::server(issue_certificate(authority, names, clock.system_now()).value()).value();
  }
  void run(Task<int> test) {
    io.restart();
    EXPECT_EQ(base::run_main(io, std::move(test)), 0);
  }
  base::Deadline in(base::Duration duration) { return base::Deadline::after(clock.steady_now(), duration); }
  static Task<Result<ClientResponse>> send(HttpOverTls& t, Client& client, std::string target, std::string body = {}) {
    ClientRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    auto response = co_await client.request(std::move(request), t.in(5s));
    co_return response;
  }
  // What a client with its own idea of the certificate gets as an error.
  std::string refusal(std::shared_ptr<const TlsContext> tls, Endpoint to) {
    struct Test {
      static Task<int> run(HttpOverTls& t, std::shared_ptr<const TlsContext> tls, Endpoint to, std::string& out) {
        Client client(t.io.get_executor(), t.clock, to, {.tls = tls});
        auto answer = co_await send(t, client, "/echo");
        out = answer.has_error() ? answer.error().message : "accepted";
        co_return 0;
      }
    };
    std::string out;
    run(Test::run(*this, std::move(tls), std::move(to), out));
    return out;
  }
  // Sends bytes without TLS and returns everything that comes back until the server closes.
  static Task<std::string> raw(HttpOverTls& t, std::string bytes) {
    Endpoint plain = t.endpoint;
    plain.tls = false;
    auto connection = co_await dial(t.io.get_executor(), t.clock, plain, t.in(5s));
    if (!connection) co_return connection.error().message;
    if (!bytes.empty()) co_await (*connection)->write(bytes);
    while (!co_await (*connection)->read()) continue;
    co_return std::string((*connection)->buffered());
  }

  asio::io_context io;
  base::SystemClock clock;
  base::Signal never;
  KeyPair authority;
  ServerOptions options;
  std::shared_ptr<const TlsContext> trust;
  std::unique_ptr<Server> server;
  Endpoint endpoint;
  std::shared_ptr<const std::vector<std::string>> server_names;
  bool left = false;
};

TEST_F(HttpOverTls, AnswersOnAKeptConnection) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      Client client(t.io.get_executor(), t.clock, t.endpoint, {.tls = t.trust});
      for (int i = 0; i < 3; ++i) {
        auto answer = co_await send(t, client, "/echo", "hello");
        EXPECT_EQ(answer.value().body, "hello");
      }
      EXPECT_EQ(t.server->connections(), 1u);
      std::string large(2'900'000, 'y');
      auto echoed = co_await send(t, client, "/echo", large);
      EXPECT_TRUE(echoed.value().body == large);
      auto got = co_await send(t, client, "/large");
      EXPECT_EQ(got.value().body.size(), 5'000'000u);
      EXPECT_EQ(t.server->connections(), 1u);
      co_return 0;
    }
  };
  run(Test::run(*this));
  ASSERT_NE(server_names, nullptr);
  EXPECT_EQ(server_names->front(), "127.0.0.1");
}

TEST_F(HttpOverTls, ALargeAnswerIsPackedForWhoTakesIt) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      Client client(t.io.get_executor(), t.clock, t.endpoint, {.tls = t.trust});
      ClientRequest request;
      request.target = "/large";
      request.headers = {{"Accept-Encoding", "gzip"}};
      auto packed = co_await client.request(std::move(request), t.in(5s));
      EXPECT_EQ(packed.value().header("Content-Encoding"), "gzip");
      EXPECT_EQ(packed.value().header("Vary"), "Accept-Encoding");
      EXPECT_LT(packed.value().body.size(), 100'000u);
      ClientRequest small;
      small.method = "POST";
      small.target = "/echo";
      small.body = std::string(100'000, 'x');
      small.headers = {{"Accept-Encoding", "gzip"}};
      auto plain = co_await client.request(std::move(small), t.in(5s));
      EXPECT_EQ(plain.value().header("Content-Encoding"), "");
      EXPECT_EQ(plain.value().body.size(), 100'000u);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpOverTls, NoticesThatTheClientOfAStreamLeft) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      {
        Client client(t.io.get_executor(), t.clock, t.endpoint, {.tls = t.trust});
        ClientRequest request;
        request.target = "/endless";
        auto stream = co_await client.stream(std::move(request), t.in(5s));
        auto piece = co_await stream.value()->read(t.in(5s));
        EXPECT_EQ(piece.value(), "piece");
      }
      const auto until = t.clock.steady_now() + 5s;
      while (!t.left && t.clock.steady_now() < until) co_await t.clock.sleep_until(t.clock.steady_now() + 5ms);
      co_return 0;
    }
  };
  run(Test::run(*this));
  EXPECT_TRUE(left);
}

TEST_F(HttpOverTls, AClientSaysWhyItTrustsNobody) {
  const auto stranger = TlsContext::client({.authorities = make_authority(clock.system_now()).value().certificate}).value();
  EXPECT_THAT(refusal(stranger, endpoint), HasSubstr(endpoint.str() + ": no TLS connection: its certificate is not trusted"));
  EXPECT_THAT(refusal(nullptr, endpoint), HasSubstr("its certificate is not trusted"));
  Endpoint elsewhere = endpoint;
  elsewhere.host = "127.0.0.2";
  auto listening = server->listen(elsewhere);
  ASSERT_TRUE(listening.has_value());
  EXPECT_THAT(refusal(trust, *listening), HasSubstr("IP address mismatch"));
  EXPECT_EQ(refusal(TlsContext::client({.verify = false}).value(), *listening), "accepted");
  Endpoint by_name = endpoint;
  by_name.host = "localhost";
  EXPECT_EQ(refusal(trust, by_name), "accepted");
}

TEST_F(HttpOverTls, AnotherCertificateIsForTheNextConnections) {
  EXPECT_EQ(refusal(trust, endpoint), "accepted");
  server->use_certificate(certificate_for({"localhost"}));
  EXPECT_THAT(refusal(trust, endpoint), HasSubstr("IP address mismatch"));
}

TEST_F(HttpOverTls, TellsAClientOfPlainHttp) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      auto answer = co_await raw(t, "GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      EXPECT_TRUE(answer.starts_with("HTTP/1.0 400 Bad Request\r\n")) << answer;
      EXPECT_TRUE(answer.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")) << answer;
      co_return 0;
    }
  };
  run(Test::run(*this));
  Endpoint plain = endpoint;
  plain.tls = false;
  EXPECT_EQ(refusal(trust, plain), "accepted");  // an answer of HTTP, whatever it says
}

TEST_F(HttpOverTls, EndsWithGarbage) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      for (const auto& garbage : {std::string("\x16\x03\x01\x00\x05hello", 10), std::string(100'000, 'x'), std::string(10, '\0')}) {
        auto answer = co_await raw(t, garbage);
        EXPECT_LT(answer.size(), 100u);
      }
      co_return 0;
    }
  };
  const auto before = clock.steady_now();
  run(Test::run(*this));
  EXPECT_LT(clock.steady_now() - before, 4s) << "it waited for a time-out";
  EXPECT_EQ(refusal(trust, endpoint), "accepted");
}

TEST_F(HttpOverTls, AHandshakeHasLimitedTime) {
  options.header_timeout = 50ms;
  run(stop());
  start();
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      for (const auto& start : {std::string(), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)}) {
        auto answer = co_await raw(t, start);
        EXPECT_EQ(answer, "");
      }
      co_return 0;
    }
  };
  const auto before = clock.steady_now();
  run(Test::run(*this));
  EXPECT_LT(clock.steady_now() - before, 3s);
}

TEST_F(HttpOverTls, StopsInTheMiddleOfAHandshake) {
  struct Test {
    static Task<int> run(HttpOverTls& t) {
      Endpoint plain = t.endpoint;
      plain.tls = false;
      auto connection = co_await dial(t.io.get_executor(), t.clock, plain, t.in(5s));
      while (t.server->connections() == 0) co_await t.clock.sleep_until(t.clock.steady_now() + 1ms);
      const auto before = t.clock.steady_now();
      co_await t.server->stop(4s);
      EXPECT_LT(t.clock.steady_now() - before, 2s);
      const auto ec = co_await connection.value()->read();
      EXPECT_TRUE(ec);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpOverTls, OtherAddressesNeedIt) {
  EXPECT_EQ(server->listen(parse_endpoint("http://0.0.0.0:0", 0).value()).error().reason, Reason::Invalid);
  EXPECT_TRUE(server->listen(parse_endpoint("https://0.0.0.0:0", 0).value()).has_value());
  EXPECT_THAT(server->listen(parse_endpoint("https://some.name:0", 0).value()).error().message, HasSubstr("an IP address is expected"));
  Server without(io.get_executor(), clock, nullptr, {});
  EXPECT_THAT(without.listen(endpoint).error().message, HasSubstr("no certificate"));
}

}  // namespace
}  // namespace berth::http
