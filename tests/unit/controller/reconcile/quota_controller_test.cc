#include "controller/reconcile/quota_controller.h"

#include "tests/unit/controller/reconcile/core_fixture.h"

namespace berth::reconcile {
namespace {

struct QuotaControllerTest : CoreTest {
  json used() { return get(quotas, "q")->status().value("used", json()); }
};

TEST_F(QuotaControllerTest, TellsWhatIsUsed) {
  start();
  environment("a", {{"cpu", "500m"}, {"memory", "1Gi"}});
  make(quotas, {{"metadata", {{"name", "q"}}},
                {"spec",
                 {{"hard",
                   {{"count/testenvironments.berth.dev", "2"},
                    {"requests.cpu", "2"},
                    {"requests.memory", "4Gi"},
                    {"secrets", 5}}}}}});
  settle();
  EXPECT_EQ(get(quotas, "q")->status()["hard"]["requests.memory"], "4Gi");
  EXPECT_EQ(used(), json({{"count/testenvironments.berth.dev", "1"},
                          {"requests.cpu", "500m"},
                          {"requests.memory", "1Gi"},
                          {"secrets", "0"}}));
  const auto second = environment("b", {{"cpu", 1}, {"memory", "512Mi"}});
  make(secrets, {{"metadata", {{"name", "s"}}}});
  settle();
  EXPECT_EQ(used(), json({{"count/testenvironments.berth.dev", "2"},
                          {"requests.cpu", "1500m"},
                          {"requests.memory", "1536Mi"},
                          {"secrets", "1"}}));

  const auto refused = try_make(environments, environment_body("c"));
  ASSERT_TRUE(refused.has_error());
  remove(environments, "b");
  release(second);
  settle();
  EXPECT_EQ(used()["count/testenvironments.berth.dev"], "1");
  environment("c");
}

TEST_F(QuotaControllerTest, IsQuietWhenNothingChanges) {
  start();
  make(quotas,
       {{"metadata", {{"name", "q"}}}, {"spec", {{"hard", {{"count/testenvironments.berth.dev", "2"}}}}}});
  const auto made = environment("a");
  settle();
  const auto revision = get(quotas, "q")->revision();
  auto body = made->body();
  body["status"] = {{"phase", "Ready"}};
  fakes::run_task(io, registry.update_status(environments, made->key(), body, {})).value();
  settle();
  EXPECT_EQ(get(quotas, "q")->revision(), revision);
  remove(quotas, "q");
  environment("b");
  settle();
}

}  // namespace
}  // namespace berth::reconcile
