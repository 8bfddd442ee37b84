#include "controller/reconcile/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "controller/reconcile/log_match.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

struct ScriptedTransport final : ProbeTransport {
  std::function<Dial(const std::string&, base::Duration hold)> rule = [](auto&, auto) { return Dial::Open; };
  int status = 200;
  std::vector<std::string> dialled;
  std::vector<base::SteadyTime> times;
  base::Clock* clock = nullptr;

  Task<Dial> dial(std::string host, std::uint16_t port, base::Duration, base::Duration hold) override {
    dialled.push_back(host + ":" + std::to_string(port));
    times.push_back(clock->steady_now());
    co_return rule(host, hold);
  }
  Task<Result<int>> get(std::string, std::uint16_t, crd::HttpAction, base::Duration) override { co_return status; }
};

struct ProberTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  fakes::FakeEngine engine{io.get_executor(), clock};
  ScriptedTransport transport;
  Prober prober{io.get_executor(), clock, engine, transport, 2};
  const Owner owner{{"ci", "shop"}, "uid-1"};
  int verdicts = 0;
  std::string id;

  void SetUp() override {
    transport.clock = &clock;
    prober.on_verdict([this](const Owner&) { ++verdicts; });
    id = engine.add_foreign_container("db");
  }
  void TearDown() override {
    fakes::run_task(io, clock, prober.stop());
    fakes::run_task(io, clock, engine.stop());
  }
  template <class Action>
  plan::ProbeTarget target(Action action) {
    plan::ProbeTarget t;
    t.service = "db";
    t.container_id = id;
    t.started_at = clock.system_now();
    t.ip_address = "10.213.0.2";
    t.probe.action = std::move(action);
    t.published[5432] = {"db", "db.sql", "127.0.0.1", crd::Protocol::Tcp, 30000, 5432};
    return t;
  }
  void watch(const plan::ProbeTarget& t) { prober.watch(owner, clock.system_now(), {t}); }
  void run(base::Duration duration) { fakes::run_for(io, clock, duration); }
  plan::Probed probed() { return prober.verdicts(owner.uid, engine.containers())["db"]; }
};

TEST_F(ProberTest, LooksFirstTwentyMillisecondsAfterTheStart) {
  watch(target(crd::TcpAction{5432, ""}));
  run(19ms);
  EXPECT_THAT(transport.dialled, SizeIs(0));
  run(2ms);
  EXPECT_THAT(transport.dialled, testing::ElementsAre("10.213.0.2:5432"));
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
  EXPECT_EQ(verdicts, 1);
}

TEST_F(ProberTest, AsksMoreSeldomTheLongerItTakesButAtLeastEverySecond) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  watch(target(crd::TcpAction{5432, ""}));
  run(60s);
  ASSERT_GT(transport.times.size(), 60u);
  EXPECT_LT(transport.times.size(), 200u);
  for (std::size_t i = 1; i < transport.times.size(); ++i) EXPECT_LE(transport.times[i] - transport.times[i - 1], 1s);
  EXPECT_EQ(probed().verdict, plan::Verdict::NotReady);
}

TEST_F(ProberTest, OnceReadyItAsksOncePerPeriod) {
  auto t = target(crd::TcpAction{5432, ""});
  t.probe.period = 10s;
  watch(t);
  run(101s);
  EXPECT_EQ(transport.dialled.size(), 11u);
}

TEST_F(ProberTest, OnlyTheThresholdOfFailuresMakesAReadyServiceUnready) {
  auto t = target(crd::TcpAction{5432, ""});
  t.probe.period = 10s;
  t.probe.failure_threshold = 3;
  watch(t);
  run(1s);
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  run(9200ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
  run(5s);
  EXPECT_EQ(probed().verdict, plan::Verdict::NotReady);
  EXPECT_EQ(verdicts, 2);
}

TEST_F(ProberTest, SuccessThresholdIsHonoured) {
  auto t = target(crd::TcpAction{5432, ""});
  t.probe.success_threshold = 3;
  watch(t);
  run(45ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
  run(100ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, GoesThroughThePublishedPortWhereTheAddressCannotBeReached) {
  transport.rule = [](const std::string& host, base::Duration hold) {
    if (host == "10.213.0.2") return Dial::Unreachable;
    EXPECT_GT(hold, base::Duration(0)) << "a proxy accepts before the service listens";
    return Dial::Open;
  };
  watch(target(crd::TcpAction{5432, ""}));
  run(50ms);
  EXPECT_THAT(transport.dialled, testing::ElementsAre("10.213.0.2:5432", "127.0.0.1:30000"));
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, SaysThatAnUnpublishedPortCannotBeReached) {
  transport.rule = [](auto&, auto) { return Dial::Unreachable; };
  watch(target(crd::TcpAction{9999, ""}));
  run(1s);
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
  EXPECT_THAT(probed().message, HasSubstr("use exec"));
}

TEST_F(ProberTest, OneAddressThatCannotBeReachedSaysNothingAboutTheOthers) {
  transport.rule = [](const std::string& host, base::Duration) { return host == "10.213.0.2" ? Dial::Unreachable : Dial::Open; };
  auto dying = target(crd::TcpAction{9999, ""});
  auto other = target(crd::TcpAction{9998, ""});
  other.service = "other";
  other.ip_address = "10.213.0.34";
  prober.watch(owner, clock.system_now(), {dying});
  run(1s);
  prober.watch(owner, clock.system_now(), {dying, other});
  run(1s);
  EXPECT_EQ(prober.verdicts(owner.uid, {})["other"].verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, WhatIsNotPublishedIsTriedDirectlyWhateverWasLearned) {
  transport.rule = [](const std::string& host, base::Duration) { return host == "10.213.0.2" ? Dial::Unreachable : Dial::Open; };
  const auto published = target(crd::TcpAction{5432, ""});
  auto other = target(crd::TcpAction{9998, ""});
  other.service = "other";
  other.ip_address = "10.213.0.34";
  watch(published);
  run(1s);
  ASSERT_EQ(probed().verdict, plan::Verdict::Ready) << "through its port";
  prober.watch(owner, clock.system_now(), {published, other});
  run(1s);
  EXPECT_EQ(prober.verdicts(owner.uid, {})["other"].verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, WhatCannotBeAskedIsToldAndSoIsANewText) {
  engine.inject({.operation = "exec", .times = -1, .error = base::error(Reason::EngineError, "no such runtime")});
  watch(target(crd::ExecAction{{"pg_isready"}}));
  run(4s);
  EXPECT_EQ(verdicts, 0) << "it is starting";
  run(3s);
  EXPECT_EQ(verdicts, 1);
  EXPECT_EQ(probed().message, "no such runtime");
  run(5min);
  EXPECT_EQ(verdicts, 1) << "nothing new";
}

TEST_F(ProberTest, ATextThatChangesAllTheTimeIsToldEveryTenSeconds) {
  fakes::Behaviour busy;
  int asked = 0;
  busy.exec = [&](const std::vector<std::string>&) { return engine::ExecResult{1, "try " + std::to_string(++asked)}; };
  engine.behave("db", busy);
  watch(target(crd::ExecAction{{"pg_isready"}}));
  run(65s);
  EXPECT_GE(verdicts, 5);
  EXPECT_LE(verdicts, 8);
}

TEST_F(ProberTest, ACommandThatTakesMuchLongerThanItsTimeoutHasFailed) {
  auto t = target(crd::ExecAction{{"pg_isready"}});
  t.probe.timeout = 1s;
  engine.latency["exec"] = 2500ms;
  watch(t);
  run(3s);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready) << "a busy engine needs a while itself";
  engine.latency["exec"] = 8s;
  auto slow = t;
  slow.started_at = clock.system_now();
  watch(slow);
  run(60s);
  EXPECT_EQ(probed().verdict, plan::Verdict::NotReady);
  EXPECT_EQ(probed().message, "exec probe did not end in time");
}

TEST_F(ProberTest, AnHttpAnswerBelow400IsSuccess) {
  transport.status = 503;
  watch(target(crd::HttpAction{5432, "/health"}));
  run(1s);
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
  EXPECT_THAT(probed().message, HasSubstr("503"));
  transport.status = 302;
  run(1s);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, ExecProbesKeepAFloorAndABudget) {
  fakes::Behaviour busy;
  busy.exec = [](const std::vector<std::string>&) { return engine::ExecResult{1, "starting up"}; };
  engine.behave("db", busy);
  engine.latency["exec"] = 80ms;
  std::vector<plan::ProbeTarget> targets;
  for (int i = 0; i < 6; ++i) {
    auto t = target(crd::ExecAction{{"pg_isready"}});
    t.service = "db" + std::to_string(i);
    targets.push_back(t);
  }
  targets.front().service = "db";
  prober.watch(owner, clock.system_now(), targets);
  run(1s);
  EXPECT_LE(engine.most_at_once("exec"), 2);
  EXPECT_LE(engine.count("exec"), 6 * 4);
  EXPECT_THAT(probed().message, HasSubstr("starting up"));
}

TEST_F(ProberTest, AnEngineThatDoesNotAnswerIsNoFailureOfTheService) {
  watch(target(crd::ExecAction{{"pg_isready"}}));
  run(1s);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
  engine.set_down(true);
  run(5min);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, ALineOfTheLogMakesItReady) {
  watch(target(crd::LogAction{"ready to accept"}));
  run(100ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
  engine.write_logs("db", "booting\ndatabase is ready to acc");
  run(100ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
  engine.write_logs("db", "ept connections\n");
  run(100ms);
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
}

TEST_F(ProberTest, ALogThatIsNotWatchedAnyMoreIsNotRead) {
  watch(target(crd::LogAction{"ready to accept"}));
  run(1s);
  EXPECT_EQ(engine.following(), 1);
  prober.watch(owner, clock.system_now(), {});
  run(1s);
  EXPECT_EQ(engine.following(), 0);
}

TEST_F(ProberTest, TheImagesHealthcheckIsTakenFromTheContainer) {
  watch(target(crd::ImageAction{}));
  EXPECT_THAT(probed().message, HasSubstr("no HEALTHCHECK"));
  engine.set_health("db", "healthy");
  EXPECT_EQ(probed().verdict, plan::Verdict::Ready);
  engine.set_health("db", "unhealthy");
  EXPECT_EQ(probed().verdict, plan::Verdict::NotReady);
}

TEST_F(ProberTest, ARestartForgetsTheVerdict) {
  watch(target(crd::TcpAction{5432, ""}));
  run(1s);
  ASSERT_EQ(probed().verdict, plan::Verdict::Ready);
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  watch(target(crd::TcpAction{5432, ""}));  // started now
  EXPECT_EQ(probed().verdict, plan::Verdict::Unknown);
}

TEST_F(ProberTest, WhatIsNotWatchedAnyMoreIsNotAsked) {
  watch(target(crd::TcpAction{5432, ""}));
  run(1s);
  prober.watch(owner, clock.system_now(), {});
  const auto asked = transport.dialled.size();
  run(1min);
  EXPECT_EQ(transport.dialled.size(), asked);
  EXPECT_EQ(prober.watching(), 0u);
}

TEST(LogMatch, IgnoresLinesOfAnEarlierRun) {
  const auto start = *base::parse_time("2026-01-01T00:00:10Z");
  LogMatch match("ready", start);
  EXPECT_FALSE(match.feed({1, "2026-01-01T00:00:09.999999999Z ready\n"}));
  EXPECT_TRUE(match.feed({1, "2026-01-01T00:00:10.000000001Z ready\n"}));
}

TEST(LogMatch, TakesEveryLineOfAFirstRun) {
  LogMatch match("ready", std::nullopt);
  EXPECT_TRUE(match.feed({1, "2026-01-01T00:00:09.999999999Z ready\n"}));
}

TEST(LogMatch, KeepsTheStreamsApart) {
  LogMatch match("ready", {});
  EXPECT_FALSE(match.feed({1, "rea"}));
  EXPECT_FALSE(match.feed({2, "dy\n"}));
  EXPECT_TRUE(match.feed({1, "dy\n"}));
}

TEST(LogMatch, APatternThatGoesInCirclesEnds) {
  LogMatch match("(a+)+$", {});
  EXPECT_FALSE(match.feed({1, std::string(4000, 'a') + "b\n"}));
  EXPECT_TRUE(match.feed({1, "xaa\n"}));
}

TEST(LogMatch, SurvivesHugeLinesAndBrokenPatterns) {
  LogMatch match("(a|b)*c", {});
  EXPECT_FALSE(match.feed({1, std::string(1 << 20, 'a')}));
  EXPECT_FALSE(match.feed({1, "\n"}));
  LogMatch broken("(", {});
  EXPECT_FALSE(broken.feed({1, "(\n"}));
}

}  // namespace
}  // namespace berth::reconcile
