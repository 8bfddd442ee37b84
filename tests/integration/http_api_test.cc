// HttpClient against ApiServer behind http::Server, on real sockets.
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "api/client/http_client.h"
#include "api/server/api_server.h"
#include "api/storage/memory_store.h"
#include "base/clock.h"
#include "base/task_group.h"
#include "metrics/registry.h"

namespace berth::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Task<Result<void>> endless_log(http::ResponseWriter& writer) {
  co_await writer.start_stream(200, "text/plain", {});
  bool more = true;
  while (more) more = co_await writer.write("line\n");
  co_return Result<void>();
}

class HttpApi : public testing::Test {
 public:
  void SetUp() override {
    socket.kind = http::Endpoint::Kind::Unix;
    socket.path = std::filesystem::temp_directory_path() / ("berth-api-" + std::to_string(::getpid()) + ".sock");
    operations.logs = [](ObjectPtr, std::string, EnvironmentOperations::LogOptions, http::ResponseWriter& writer) {
      return endless_log(writer);
    };
    ApiServerOptions options;
    options.token = "secret";
    api = std::make_unique<ApiServer>(registry, clock, api_metrics, operations, options);
    server = std::make_unique<http::Server>(io.get_executor(), clock, api->handler(), api->server_options());
    ASSERT_TRUE(server->listen(socket).has_value());
    http::Endpoint any{.host = "127.0.0.1"};
    tcp = server->listen(any).value();
  }
  void TearDown() override {
    run(stop());
    server.reset();
  }
  Task<int> stop() {
    co_await server->stop(0ms);
    co_await store->stop();
    co_return 0;
  }
  void run(Task<int> test) {
    io.restart();
    EXPECT_EQ(base::run_main(io, std::move(test)), 0);
  }
  std::unique_ptr<HttpClient> client(const http::Endpoint& endpoint, std::string token = "secret") {
    return std::make_unique<HttpClient>(io.get_executor(), clock, endpoint, std::move(token));
  }
  json environment(const std::string& name) const {
    return {{"apiVersion", "berth.dev/v1alpha1"},
            {"kind", "TestEnvironment"},
            {"metadata", {{"name", name}}},
            {"spec", {{"services", {{{"name", "web"}, {"image", "nginx"}}}}}}};
  }

  asio::io_context io;
  base::SystemClock clock;
  const crd::Scheme scheme = crd::Scheme::builtin();
  const crd::ResourceInfo& kind = *scheme.find_name("testenvironments");
  const crd::ResourceInfo& leases = *scheme.find_name("leases");
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  Registry registry{scheme, *store, clock};
  metrics::Registry numbers;
  metrics::ApiMetrics api_metrics{numbers};
  EnvironmentOperations operations;
  http::Endpoint socket;
  http::Endpoint tcp;
  std::unique_ptr<ApiServer> api;
  std::unique_ptr<http::Server> server;
};

struct Lives {
  static Task<int> run(HttpApi& t, http::Endpoint endpoint) {
    auto client = t.client(endpoint);
    WriteOptions options;
    std::vector<std::string> warnings;
    options.warnings = &warnings;
    ObjectKey key{"ci", "web"};
    DeletePreconditions none;

    json body = t.environment("web");
    body["spec"]["imagge"] = 1;
    auto made = co_await client->create(t.kind, "ci", std::move(body), options);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(warnings, std::vector<std::string>{"unknown field \"spec.imagge\""});
    auto read = co_await client->get(t.kind, key);
    EXPECT_EQ((*read)->body(), (*made)->body());
    auto listed = co_await client->list(t.kind, "");
    EXPECT_EQ(listed->items.size(), 1u);
    EXPECT_EQ(listed->revision, (*made)->revision());

    json again = t.environment("web");
    auto twice = co_await client->create(t.kind, "ci", std::move(again), options);
    EXPECT_EQ(twice.error().reason, Reason::AlreadyExists);
    json bad = t.environment("Bad_Name");
    auto invalid = co_await client->create(t.kind, "ci", std::move(bad), options);
    EXPECT_EQ(invalid.error().reason, Reason::Invalid);
    EXPECT_EQ(invalid.error().causes.at(0).field, "metadata.name");

    json changed = (*made)->body();
    changed["spec"]["ttlSeconds"] = 60;
    json stale = changed;
    auto replaced = co_await client->replace(t.kind, key, std::move(changed), options);
    EXPECT_EQ((*replaced)->generation(), 2);
    auto conflict = co_await client->replace(t.kind, key, std::move(stale), options);
    EXPECT_EQ(conflict.error().reason, Reason::Conflict);
    json status = (*replaced)->body();
    status["status"]["phase"] = "Pending";
    auto written = co_await client->update_status(t.kind, key, std::move(status), options);
    EXPECT_EQ((*written)->status()["phase"], "Pending");

    auto removed = co_await client->remove(t.kind, key, none);
    EXPECT_TRUE((*removed)->deleting());
    json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
    auto leased = co_await client->create(t.leases, "ci", std::move(lease), options);
    EXPECT_TRUE(leased.has_value());
    auto gone = co_await client->remove(t.leases, key, none);
    EXPECT_FALSE((*gone)->deleting());
    EXPECT_EQ((*gone)->uid(), (*leased)->uid());
    auto missing = co_await client->get(t.leases, key);
    EXPECT_EQ(missing.error().reason, Reason::NotFound);
    auto finished = co_await t.registry.remove_finalizer(t.kind, key, (*made)->uid(), std::string(crd::kEngineFinalizer));
    EXPECT_TRUE(finished.has_value());
    auto version = co_await client->call("GET", "/version", "");
    EXPECT_EQ(version.value()["major"], "1");
    co_return 0;
  }
};

TEST_F(HttpApi, AnObjectLivesTheSameLifeOverBothTransports) {
  run(Lives::run(*this, socket));
  run(Lives::run(*this, tcp));
}

TEST_F(HttpApi, AWatchSeesEveryChangeAndTheEndOfTheServer) {
  struct Test {
    static Task<int> run(HttpApi& t) {
      auto client = t.client(t.tcp);
      auto watcher = co_await client->watch(t.kind, "ci", 0);
      EXPECT_FALSE((*watcher)->poll().has_value());
      WriteOptions options;
      for (const auto* name : {"a", "b"}) {
        json body = t.environment(name);
        auto made = co_await client->create(t.kind, "ci", std::move(body), options);
        EXPECT_TRUE(made.has_value());
      }
      auto a = co_await (*watcher)->next();
      EXPECT_EQ(a->type, storage::EventType::Added);
      EXPECT_EQ(a->object->name(), "a");
      EXPECT_EQ(a->key.resource, "testenvironments.berth.dev");
      auto b = co_await (*watcher)->next();
      EXPECT_EQ(b->object->name(), "b");
      EXPECT_GT(b->revision, a->revision);

      ObjectKey second_key{"ci", "b"};
      auto only = co_await client->list_part(t.kind, second_key);
      EXPECT_EQ(only->items.size(), 1u);
      EXPECT_EQ(only->items.at(0)->name(), "b");
      auto of_one = co_await client->watch_part(t.kind, second_key, 1);
      auto only_change = co_await (*of_one)->next();
      EXPECT_EQ(only_change->object->name(), "b");
      auto resumed = co_await client->watch(t.kind, "", a->revision);
      auto second = co_await (*resumed)->next();
      EXPECT_EQ(second->object->name(), "b");

      co_await t.store->compact(t.store->revision());
      auto old = co_await client->watch(t.kind, "", 1);
      auto expired = co_await (*old)->next();
      EXPECT_EQ(expired.error().reason, Reason::Expired);

      co_await t.server->stop(5s);
      auto end = co_await (*watcher)->next();
      EXPECT_EQ(end.error().reason, Reason::ServiceUnavailable);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpApi, ALogFollowerThatLeavesEndsTheLog) {
  struct Test {
    static Task<int> run(HttpApi& t) {
      auto client = t.client(t.socket);
      WriteOptions options;
      json body = t.environment("web");
      auto made = co_await client->create(t.kind, "ci", std::move(body), options);
      EXPECT_TRUE(made.has_value());
      {
        auto log = co_await client->open("/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/web/log?follow=1");
        auto text = co_await (*log)->read(base::Deadline::never());
        EXPECT_TRUE(text->starts_with("line\n"));
      }
      const auto until = t.clock.steady_now() + 5s;
      while (t.server->connections() > 1 && t.clock.steady_now() < until) co_await t.clock.sleep_until(t.clock.steady_now() + 5ms);
      EXPECT_EQ(t.server->connections(), 1u);
      auto missing = co_await client->open("/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/nope/log");
      EXPECT_EQ(missing.error().reason, Reason::NotFound);
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpApi, SaysWhyItCannotGetIn) {
  struct Test {
    static Task<int> run(HttpApi& t) {
      auto wrong = t.client(t.tcp, "nope");
      auto refused = co_await wrong->list(t.kind, "");
      EXPECT_EQ(refused.error().reason, Reason::Unauthorized);
      EXPECT_EQ(refused.error().message, "berthd at " + t.tcp.str() + " refuses the token");
      auto none = t.client(t.tcp, "");
      auto wanted = co_await none->watch(t.kind, "", 0);
      EXPECT_EQ(wanted.error().message, "berthd at " + t.tcp.str() + " wants a token");
      http::Endpoint nobody = t.socket;
      nobody.path += ".nobody";
      auto lost = t.client(nobody);
      auto unreachable = co_await lost->list(t.kind, "");
      EXPECT_EQ(unreachable.error().reason, Reason::ServiceUnavailable);
      EXPECT_EQ(unreachable.error().message, "cannot reach berthd at " + nobody.str() + ": No such file or directory");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

TEST_F(HttpApi, ATooLargeBodyIsAStatus) {
  struct Test {
    static Task<int> run(HttpApi& t) {
      auto client = t.client(t.socket);
      auto refused = co_await client->call("POST", "/berth/v1/reap", std::string(4'000'000, ' '));
      EXPECT_EQ(refused.error().reason, Reason::RequestEntityTooLarge);
      EXPECT_EQ(refused.error().message, "Request entity too large: limit is 3145728");
      co_return 0;
    }
  };
  run(Test::run(*this));
}

}  // namespace
}  // namespace berth::api
