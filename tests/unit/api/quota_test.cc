#include "api/quota.h"

#include "tests/unit/api/registry_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

json environment(const std::string& name, std::vector<json> requests = {json::object()}) {
  json services = json::array();
  for (auto& request : requests) {
    services.push_back({{"name", "s" + std::to_string(services.size())},
                        {"image", "x"},
                        {"resources", {{"requests", request}}}});
  }
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "TestEnvironment"},
          {"metadata", {{"name", name}}},
          {"spec", {{"services", services}}}};
}

json quota(const std::string& name, json hard) {
  return {{"apiVersion", "v1"},
          {"kind", "ResourceQuota"},
          {"metadata", {{"name", name}}},
          {"spec", {{"hard", std::move(hard)}}}};
}

TEST(Quota, UsageIsTheSumOverTheServices) {
  const auto& kind = *shared_scheme().find_name("te");
  const auto usage = usage_of(kind, environment("a", {{{"cpu", "250m"}, {"memory", "1Gi"}},
                                                      {{"cpu", 1}, {"memory", "512Mi"}},
                                                      json::object()}));
  EXPECT_EQ(amount_text("requests.cpu", usage.at("requests.cpu")), "1250m");
  EXPECT_EQ(amount_text("cpu", usage.at("cpu")), "1250m");
  EXPECT_EQ(amount_text("requests.memory", usage.at("requests.memory")), "1536Mi");
  EXPECT_EQ(amount_text("count/testenvironments.berth.dev", usage.at("count/testenvironments.berth.dev")),
            "1");
  EXPECT_FALSE(usage.contains("limits.cpu"));
}

TEST(Quota, AmountsAreWrittenAsKubernetesDoes) {
  EXPECT_EQ(amount_text("requests.cpu", {2'000'000'000}), "2");
  EXPECT_EQ(amount_text("requests.cpu", {1}), "1n");
  EXPECT_EQ(amount_text("requests.memory", {1024, true}), "1Ki");
  EXPECT_EQ(amount_text("requests.memory", {1000, true}), "1000");
  EXPECT_EQ(amount_text("requests.memory", {1'500'000, false}), "1500k");
  EXPECT_EQ(amount_text("requests.memory", {0, true}), "0");
  EXPECT_EQ(amount_text("secrets", {1000}), "1000");
}

struct QuotaTest : RegistryTest {
  const crd::ResourceInfo& environments = *scheme.find_name("te");
  const crd::ResourceInfo& quotas = *scheme.find_name("quota");

  void limit(json hard, const std::string& name = "q") {
    run_task(io, registry.create(quotas, "ci", quota(name, std::move(hard)), {})).value();
  }
  Result<ObjectPtr> make(json body, const std::string& ns = "ci", bool dry = false) {
    WriteOptions write;
    write.dry_run = dry;
    return run_task(io, registry.create(environments, ns, std::move(body), write));
  }
};

TEST_F(QuotaTest, ACreateBeyondTheLimitIsForbidden) {
  limit({{"count/testenvironments.berth.dev", "2"}, {"requests.cpu", "1"}});
  make(environment("a", {{{"cpu", "400m"}}})).value();
  EXPECT_EQ(outcome(make(environment("b", {{{"cpu", "700m"}}}))),
            "Forbidden: testenvironments.berth.dev \"b\" is forbidden: exceeded quota: q, requested: "
            "requests.cpu=700m, used: "
            "requests.cpu=400m, limited: requests.cpu=1");
  EXPECT_EQ(outcome(make(environment("b", {{{"cpu", "600m"}}}), "ci", true)), "ok");
  make(environment("b", {{{"cpu", "600m"}}})).value();
  EXPECT_EQ(outcome(make(environment("c", {{{"cpu", "1m"}}}), "ci", true)),
            "Forbidden: testenvironments.berth.dev \"c\" is forbidden: exceeded quota: q, requested: "
            "count/testenvironments.berth.dev=1,requests.cpu=1m, used: "
            "count/testenvironments.berth.dev=2,requests.cpu=1, limited: "
            "count/testenvironments.berth.dev=2,requests.cpu=1");
  EXPECT_EQ(outcome(make(environment("c"), "other")), "ok");
  EXPECT_EQ(outcome(create(widget("w"))), "ok");
}

TEST_F(QuotaTest, AChangeMayNotRaiseBeyondTheLimitButMayLower) {
  const auto body = make(environment("a", {{{"memory", "3Gi"}}})).value()->body();
  limit({{"requests.memory", "2Gi"}});
  const auto change = [&](const char* memory) {
    auto next = registry.get(environments, {"ci", "a"}).value()->body();
    next["spec"]["services"][0]["resources"]["requests"]["memory"] = memory;
    return outcome(run_task(io, registry.replace(environments, {"ci", "a"}, next, {})));
  };
  EXPECT_THAT(change("4Gi"), HasSubstr("exceeded quota: q, requested: requests.memory=1Gi, used: "
                                       "requests.memory=3Gi, limited: requests.memory=2Gi"));
  EXPECT_EQ(change("2500Mi"), "ok");
  EXPECT_EQ(change("1Gi"), "ok");
  EXPECT_EQ(change("2Gi"), "ok");
}

TEST_F(QuotaTest, EveryQuotaOfTheNamespaceCounts) {
  limit({{"configmaps", 10}}, "a");
  limit({{"count/configmaps", 1}}, "b");
  const auto& maps = *scheme.find_name("cm");
  const json body = {{"metadata", {{"generateName", "m-"}}}};
  EXPECT_EQ(outcome(run_task(io, registry.create(maps, "ci", body, {}))), "ok");
  EXPECT_THAT(outcome(run_task(io, registry.create(maps, "ci", body, {}))),
              HasSubstr("exceeded quota: b, requested: count/configmaps=1, used: count/configmaps=1, "
                        "limited: count/configmaps=1"));
}

TEST_F(RegistryRaceTest, OfTwoCreatesAtOnceOneGetsTheLastPlace) {
  const auto& quotas = *scheme.find_name("quota");
  run_task(io, registry.create(quotas, "ci", quota("q", {{"count/widgets.berth.dev", 1}}), {})).value();
  start(registry.create(kind, "ci", widget("a"), {}));
  start(registry.create(kind, "ci", widget("b"), {}));
  finish();
  EXPECT_THAT(outcomes, testing::UnorderedElementsAre("ok", HasSubstr("exceeded quota: q")));
  run_task(io, registry.remove(kind, {"ci", "a"}, {})).value();
}

TEST_F(RegistryRaceTest, AWriteThatFailedHoldsNoPlace) {
  const auto& quotas = *scheme.find_name("quota");
  run_task(io, registry.create(quotas, "ci", quota("q", {{"count/widgets.berth.dev", 2}}), {})).value();
  start(registry.create(kind, "ci", widget("a"), {}));
  start(registry.create(kind, "ci", widget("a"), {}));
  finish();
  start(registry.create(kind, "ci", widget("b"), {}));
  finish();
  EXPECT_THAT(outcomes, testing::UnorderedElementsAre("ok", "ok", HasSubstr("already exists")));
}

}  // namespace
}  // namespace berth::api
