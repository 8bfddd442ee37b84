#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "api/http/message.h"
#include "api/server/api_server.h"
#include "api/storage/memory_store.h"
#include "base/task_group.h"
#include "metrics/registry.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::api {

// What a client would have received.
struct Received final : http::ResponseWriter {
  int status = 0;
  std::string content_type;
  std::string body;
  http::Headers headers;
  bool stream = false;
  bool gone = false;  // the client left: write() says so

  Task<void> respond(int code, std::string type, std::string text, http::Headers extra) override {
    EXPECT_FALSE(started()) << "two answers";
    status = code;
    content_type = std::move(type);
    body = std::move(text);
    headers = std::move(extra);
    co_return;
  }
  Task<void> start_stream(int code, std::string type, http::Headers extra) override {
    EXPECT_FALSE(started()) << "two answers";
    status = code;
    content_type = std::move(type);
    headers = std::move(extra);
    stream = true;
    co_return;
  }
  using ResponseWriter::write;
  Task<bool> write(http::SharedChunk chunk) override {
    EXPECT_TRUE(stream);
    if (!gone) body += chunk->bytes();
    co_return !gone;
  }
  // A test of an upgrade puts its end of the stream here.
  std::shared_ptr<http::ByteStream> upgraded;
  Task<std::shared_ptr<http::ByteStream>> upgrade(http::Headers extra) override {
    EXPECT_FALSE(started()) << "two answers";
    status = 101;
    headers = std::move(extra);
    co_return upgraded;
  }
  bool started() const override { return status != 0; }

  json value() const { return json::parse(body, nullptr, false); }
  std::string header(std::string_view name) const { return std::string(http::find_header(headers, name)); }
  // The lines of a watch.
  std::vector<json> events() const {
    std::vector<json> all;
    for (std::size_t start = 0; start < body.size();) {
      const auto end = body.find('\n', start);
      all.push_back(json::parse(body.substr(start, end - start)));
      start = end + 1;
    }
    return all;
  }
  // "ADDED web, DELETED db"
  std::string story() const {
    std::string text;
    for (const auto& event : events()) {
      const auto& object = event["object"];
      const auto what = event["type"] == "ERROR" ? object["reason"] : object["metadata"]["name"];
      text += (text.empty() ? "" : ", ") + event["type"].get<std::string>() + " " + what.get<std::string>();
    }
    return text;
  }
};

// The whole server over an in-memory store, without sockets.
class ServerFixture : public testing::Test {
 public:
  static constexpr const char* kEnvironments = "/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments";

  ServerFixture() { make_server(); }

  void make_server() {
    ApiServerOptions options;
    options.token = "secret";
    options.version = "1.2.3";
    options.ready = [this] { return ready; };
    options.metrics = [this] { return numbers.text(); };
    server = std::make_unique<ApiServer>(registry, clock, api_metrics, operations, options);
    handler = server->handler();
  }

  static std::shared_ptr<http::ServerRequest> request(std::string method, const std::string& target, std::string body = "",
                                                      http::Headers headers = {}) {
    auto out = std::make_shared<http::ServerRequest>();
    auto parsed = http::parse_target(target).value();
    out->method = std::move(method);
    out->target = target;
    out->path = std::move(parsed.path);
    out->query = std::move(parsed.query);
    out->headers = std::move(headers);
    if (!body.empty() && out->header("Content-Type").empty()) out->headers.emplace_back("Content-Type", "application/json");
    out->body = std::move(body);
    out->over_unix_socket = true;
    return out;
  }

  Received send(std::shared_ptr<const http::ServerRequest> what) {
    Received received;
    fakes::run_task(io, clock, handler(std::move(what), received));
    EXPECT_TRUE(received.started()) << "no answer";
    return received;
  }
  Received send(std::string method, const std::string& target, std::string body = "", http::Headers headers = {}) {
    return send(request(std::move(method), target, std::move(body), std::move(headers)));
  }

  static json environment(const std::string& name, const json& labels = json::object()) {
    return {{"apiVersion", "berth.dev/v1alpha1"},
            {"kind", "TestEnvironment"},
            {"metadata", {{"name", name}, {"labels", labels}}},
            {"spec", {{"services", {{{"name", "web"}, {"image", "nginx"}}}}}}};
  }
  json create(const std::string& name, const json& labels = json::object()) {
    const auto made = send("POST", kEnvironments, crd::dump(environment(name, labels)));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.value();
  }
  json get(const std::string& name) { return send("GET", std::string(kEnvironments) + "/" + name).value(); }

  asio::io_context io;
  fakes::FakeClock clock;
  const crd::Scheme scheme = crd::Scheme::builtin();
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  Registry registry{scheme, *store, clock};
  metrics::Registry numbers;
  metrics::ApiMetrics api_metrics{numbers};
  EnvironmentOperations operations;
  bool ready = true;
  std::unique_ptr<ApiServer> server;
  http::Handler handler;
};

}  // namespace berth::api
