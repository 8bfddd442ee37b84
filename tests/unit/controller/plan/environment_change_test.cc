#include "controller/plan/environment_change.h"

#include <gtest/gtest.h>

#include "crd/fields.h"
#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

const auto kSpec = crd::json::parse(R"({"services": [
  {"name": "api", "image": "api:1", "dependsOn": [{"service": "db", "condition": "Started"}], "restartPolicy": "Always"},
  {"name": "db", "image": "db:1", "ports": [{"name": "sql", "containerPort": 5432}]},
  {"name": "web", "image": "web:1"}]})");

Input input_of(const crd::json& spec) {
  Scene scene;
  scene.input.spec = crd::parse_test_environment_spec(spec);
  scene.input.leases.ports.push_back({"db", "db.sql", "127.0.0.1", crd::Protocol::Tcp, 30000, 5432});
  return scene.input;
}

// "db Replaced (image), api Replaced: it depends on db"
std::string changed(const std::function<void(crd::json&)>& edit) {
  auto after = kSpec;
  edit(after);
  std::string text;
  for (const auto& change : outcomes(input_of(kSpec), kSpec, input_of(after), after)) {
    if (change.outcome == Outcome::Unchanged) continue;
    std::string fields;
    for (const auto& field : change.fields) fields += (fields.empty() ? "" : ",") + field;
    text += (text.empty() ? "" : "; ") + change.service + " " + std::string(to_string(change.outcome)) +
            (fields.empty() ? "" : " (" + fields + ")") + (change.why.empty() ? "" : ": " + change.why);
  }
  return text;
}

TEST(EnvironmentChange, OfNothingAreNone) {
  EXPECT_EQ(changed([](auto&) {}), "");
}

TEST(EnvironmentChange, AnotherImageReplacesTheContainerAndItsDependents) {
  EXPECT_EQ(changed([](auto& spec) { spec["services"][2]["image"] = "web:2"; }), "web Replaced (image)");
  EXPECT_EQ(changed([](auto& spec) { spec["services"][1]["image"] = "db:2"; }), "api Replaced: it depends on db; db Replaced (image)");
}

TEST(EnvironmentChange, WhatAnEngineCanChangeIsChangedInPlace) {
  EXPECT_EQ(changed([](auto& spec) { spec["services"][0]["restartPolicy"] = "Never"; }), "api InPlace (restartPolicy)");
  EXPECT_EQ(changed([](auto& spec) { spec["services"][2]["resources"]["limits"]["memory"] = "64Mi"; }), "web InPlace (resources)");
}

TEST(EnvironmentChange, ALimitTakenAwayReplacesTheContainer) {
  auto limited = kSpec;
  limited["services"][2]["resources"]["limits"]["memory"] = "64Mi";
  const auto all = outcomes(input_of(limited), limited, input_of(kSpec), kSpec);
  EXPECT_EQ(all.at(2).outcome, Outcome::Replaced);
  EXPECT_EQ(all.at(2).why, "an engine does not take a limit away");
}

TEST(EnvironmentChange, APortMoreOrLessReplacesTheContainer) {
  EXPECT_EQ(changed([](auto& spec) { spec["services"][2]["ports"] = crd::json::array({{{"containerPort", 80}}}); }), "web Replaced (ports)");
  EXPECT_EQ(changed([](auto& spec) { spec["services"][1].erase("ports"); }), "api Replaced: it depends on db; db Replaced (ports)");
  EXPECT_EQ(changed([](auto& spec) { spec["services"][1]["ports"][0]["hostPort"] = 30000; }), "db InPlace (ports)") << "it has that one";
}

TEST(EnvironmentChange, AnAddressThatIsNoLongerAskedForIsLeftToo) {
  auto open = kSpec;
  open["services"][1]["ports"][0]["hostIP"] = "0.0.0.0";
  auto before = input_of(open);
  before.leases.ports.back().host_ip = "0.0.0.0";
  EXPECT_EQ(outcomes(before, open, input_of(kSpec), kSpec).at(1).outcome, Outcome::Replaced);
}

TEST(EnvironmentChange, ServicesComeAndGo) {
  EXPECT_EQ(changed([](auto& spec) { spec["services"].erase(2); }), "web Removed");
  EXPECT_EQ(changed([](auto& spec) { spec["services"].push_back({{"name", "new"}, {"image", "n"}}); }), "new Added");
}

TEST(EnvironmentChange, AnotherNetworkReplacesAll) {
  EXPECT_EQ(changed([](auto& spec) { spec["network"]["subnet"] = "10.9.0.0/24"; }),
            "api Replaced: the network changes; db Replaced: the network changes; web Replaced: the network changes");
}

}  // namespace
}  // namespace berth::plan
