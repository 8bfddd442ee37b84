#include "api/client/local_client.h"

#include <gtest/gtest.h>

#include "api/storage/memory_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::api {
namespace {

using fakes::run_task;

struct LocalClientTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  crd::Scheme scheme = crd::Scheme::builtin();
  const crd::ResourceInfo& kind = *scheme.find_kind({"berth.dev", "v1alpha1", "TestEnvironment"});
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  Registry registry{scheme, *store, clock};
  LocalClient user{registry, Actor::User};
  LocalClient system{registry, Actor::System};
  json body = json::parse(
      R"({"apiVersion": "berth.dev/v1alpha1", "kind": "TestEnvironment", "metadata": {"name": "web"},
                             "spec": {"services": [{"name": "db", "image": "postgres"}]}})");
  void SetUp() override { ASSERT_TRUE(run_task(io, user.create(kind, "ci", body, {})).has_value()); }
};

TEST_F(LocalClientTest, WritesAsItsActorWhateverTheOptionsSay) {
  body["status"] = {{"network", {{"name", "web-1"}}}};
  WriteOptions options;
  options.actor = Actor::System;
  const auto by_user = run_task(io, user.update_status(kind, {"ci", "web"}, body, options)).value();
  EXPECT_FALSE(by_user->status().contains("network"));
  options.actor = Actor::User;
  const auto by_system = run_task(io, system.update_status(kind, {"ci", "web"}, body, options)).value();
  EXPECT_EQ(by_system->status()["network"]["name"], "web-1");
}

TEST_F(LocalClientTest, ReadsWhatTheRegistryHolds) {
  const auto list = run_task(io, user.list(kind, "")).value();
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(run_task(io, user.get(kind, {"ci", "web"})).value(), list.items[0]);
  auto watcher = run_task(io, user.watch(kind, "ci", list.revision)).value();
  const auto going = run_task(io, user.remove(kind, {"ci", "web"}, {})).value();
  EXPECT_TRUE(going->deleting());
  EXPECT_EQ(watcher->poll().value().value().object, going);
  auto next = going->body();
  next["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_EQ(run_task(io, user.replace(kind, {"ci", "web"}, next, {})).value()->label("a"), "b");
}

}  // namespace
}  // namespace berth::api
