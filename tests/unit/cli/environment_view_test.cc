#include "cli/environment_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/describe.h"
#include "cli/goal.h"
#include "cli/variables.h"
#include "tests/unit/cli/environment_fixture.h"

namespace berth::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(EnvironmentView, ShowsWhatEachServiceWaitsFor) {
  const auto view = view_environment(*make_object(provisioning_body()));
  EXPECT_EQ(view.phase, "Provisioning");
  EXPECT_FALSE(view.ready);
  ASSERT_EQ(view.services.size(), 2u);
  EXPECT_THAT(view.services[1].waits_for, ElementsAre("postgres"));
  EXPECT_EQ(view.services[0].ports[0].address, "127.0.0.1:30000");
}

TEST(EnvironmentView, AStatusOfAnOlderSpecSaysNothingAboutThePresentOne) {
  auto body = ready_body();
  EXPECT_TRUE(view_environment(*make_object(body)).ready);
  body["metadata"]["generation"] = 2;
  EXPECT_FALSE(view_environment(*make_object(body)).ready);
  auto failed = failed_body();
  failed["metadata"]["generation"] = 2;
  EXPECT_FALSE(view_environment(*make_object(failed)).ended);
}

TEST(EnvironmentView, SurvivesAStatusOfTheWrongShape) {
  for (const char* status :
       {"[]", "{\"services\": {}}", "{\"services\": [1, null]}", "{\"conditions\": [[]], \"phase\": 3}",
        "{\"endpoints\": []}", "{\"observedGeneration\": \"x\"}"}) {
    auto body = environment_body();
    body["status"] = json::parse(status);
    const auto object = Object::make(body);
    if (!object.has_value()) continue;
    view_environment(*object.value());
    describe_environment(*object.value(), {}, {});
  }
  auto body = environment_body();
  body["spec"]["services"] = json::array({nullptr, 3, {{"ports", 3}}});
  view_environment(*make_object(body));
}

TEST(ExplainEnvironment, NamesReasonMessageAndLastLogLines) {
  const auto text = explain_environment(view_environment(*make_object(failed_body())));
  EXPECT_THAT(text, HasSubstr("Failed: ContainerExited: postgres: exited with code 1"));
  EXPECT_THAT(text, HasSubstr("FATAL: out of luck"));
  EXPECT_THAT(text, HasSubstr("api: Waiting"));
}

TEST(Goal, IsReadFromItsForms) {
  EXPECT_EQ(parse_goal("condition=Ready").value().str(), "condition Ready");
  EXPECT_EQ(parse_goal("condition=Ready=False").value().value, "False");
  EXPECT_EQ(parse_goal("phase=Failed").value().str(), "phase Failed");
  EXPECT_EQ(parse_goal("delete").value().kind, Goal::Kind::Deleted);
  EXPECT_EQ(parse_goal("jsonpath={.status.phase}=Ready").value().value, "Ready");
  for (const char* wrong : {"", "Ready", "condition=", "condition", "phase=", "jsonpath=.status", "condition=A=B=C"}) {
    EXPECT_THAT(parse_goal(wrong).error().message, HasSubstr("--for=condition=Ready")) << wrong;
  }
}

TEST(Goal, AnEndedOrLeavingEnvironmentWillNeverBeReady) {
  const auto ready = parse_goal("condition=Ready").value();
  EXPECT_EQ(judge(ready, *make_object(provisioning_body())), Verdict::NotYet);
  EXPECT_EQ(judge(ready, *make_object(ready_body())), Verdict::Met);
  EXPECT_EQ(judge(ready, *make_object(failed_body())), Verdict::Never);
  auto leaving = ready_body();
  leaving["metadata"]["deletionTimestamp"] = "2026-11-23T09:00:00Z";
  leaving["status"]["conditions"][1]["status"] = "False";
  EXPECT_EQ(judge(ready, *make_object(leaving)), Verdict::Never);
  EXPECT_EQ(judge(parse_goal("phase=Failed").value(), *make_object(failed_body())), Verdict::Met);
  EXPECT_EQ(judge(parse_goal("delete").value(), *make_object(failed_body())), Verdict::NotYet);
}

TEST(Goal, AConditionAboutAnOlderGenerationDoesNotCount) {
  auto body = ready_body();
  body["metadata"]["generation"] = 2;
  EXPECT_EQ(judge(parse_goal("condition=Ready").value(), *make_object(body)), Verdict::NotYet);
}

TEST(Variables, AreTheLeasedPortsOnTheHostAndTheOwnPortsInTheNetwork) {
  const auto ready = make_object(ready_body());
  EXPECT_THAT(port_variables(*ready, Vantage::Host).value(), ElementsAre(std::pair("DEV_POSTGRES_PORT", "30000")));
  EXPECT_THAT(port_variables(*ready, Vantage::Network).value(), ElementsAre(std::pair("DEV_POSTGRES_PORT", "5432")));
  EXPECT_THAT(endpoint_variables(*ready, Vantage::Host),
              ElementsAre(std::pair("BERTH_ENDPOINT_API_80", "127.0.0.1:30001"),
                          std::pair("BERTH_ENDPOINT_POSTGRES_SQL", "127.0.0.1:30000")));
  EXPECT_THAT(endpoint_variables(*ready, Vantage::Network),
              ElementsAre(std::pair("BERTH_ENDPOINT_API_80", "api:80"),
                          std::pair("BERTH_ENDPOINT_POSTGRES_SQL", "postgres:5432")));
}

TEST(Variables, APortThatIsNotLeasedIsAnErrorAndNeverAnEmptyVariable) {
  const auto variables = port_variables(*make_object(environment_body()), Vantage::Host);
  ASSERT_FALSE(variables.has_value());
  EXPECT_THAT(variables.error().message, HasSubstr("postgres.sql"));
}

TEST(Describe, ShowsServicesConditionsAndEvents) {
  const auto now = *base::parse_time("2026-11-23T09:05:00Z");
  auto event =
      make_object(json::parse(R"({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "ci"},
    "involvedObject": {"kind": "TestEnvironment", "name": "pr", "uid": "u1"}, "type": "Normal", "reason": "Leased",
    "message": "port 30000", "lastTimestamp": "2026-11-23T09:04:00Z", "count": 1})"));
  auto other =
      make_object(json::parse(R"({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "f", "namespace": "ci"},
    "involvedObject": {"kind": "TestEnvironment", "name": "pr", "uid": "of-an-earlier-one"}, "reason": "Old"})"));
  const auto environment = make_object(ready_body());
  const auto text = describe_environment(*environment, events_about({event, other}, *environment), now);
  EXPECT_THAT(text, HasSubstr("Phase:           Ready"));
  EXPECT_THAT(text, HasSubstr("postgres.sql  5432/TCP  at 127.0.0.1:30000  $DEV_POSTGRES_PORT"));
  EXPECT_THAT(text, HasSubstr("Leased"));
  EXPECT_THAT(text, Not(HasSubstr("Old")));
}

}  // namespace
}  // namespace berth::cli
