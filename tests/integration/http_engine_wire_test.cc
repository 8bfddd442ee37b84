// The engine client against a scripted engine: what a healthy one never does.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "base/clock.h"
#include "base/task_group.h"
#include "controller/engine/http_engine.h"
#include "controller/engine/pull_group.h"
#include "metrics/registry.h"
#include "tests/engine_suite/harness.h"
#include "tests/engine_suite/scripted_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::engine {
namespace {

using namespace std::chrono_literals;
using engine_suite::Answer;
using engine_suite::answer;
using engine_suite::expect_reason;
using engine_suite::refusal;
using engine_suite::Request;
using engine_suite::ScriptedEngine;
using engine_suite::stream;

class EngineWireTest : public testing::Test {
 public:
  void SetUp() override {
    path = (std::filesystem::temp_directory_path() / ("berth-wire-" + std::to_string(::getpid()) + ".sock"))
               .string();
    std::filesystem::remove(path);
    peer.listen<asio::local::stream_protocol>({path});
    peer.script = [](const Request&) { return answer(200, R"({"NCPU":2,"ID":"E"})"); };
    connect("unix://" + path);
  }
  void TearDown() override {
    fakes::run_task(io, engine->stop());
    engine.reset();
    fakes::run_task(io, peer.stop());
    std::filesystem::remove(path);
  }
  void connect(const std::string& docker_host) {
    engine = make_http_engine(io.get_executor(), clock, parse_docker_host(docker_host).value(), metrics);
  }
  template <class T>
  T run(Task<T> task) {
    return fakes::run_task(io, std::move(task));
  }
  base::Deadline in(base::Duration duration) { return base::Deadline::after(clock.steady_now(), duration); }
  Result<EngineInfo> info() { return run(engine->info(in(5s))); }
  Result<std::vector<Container>> list(base::Duration time = 5s) {
    return run(engine->list_containers({}, in(time)));
  }
  bool up() { return registry.text().find("berth_engine_up{host=\"local\"} 1") != std::string::npos; }

  asio::io_context io;
  base::SystemClock clock;
  metrics::Registry registry;
  metrics::EngineMetrics metrics{registry, "local"};
  std::string path;
  const bool never = false;
  ScriptedEngine peer{io};
  std::unique_ptr<Engine> engine;
};

TEST_F(EngineWireTest, TheVersionIsNegotiatedOnceAndIsInEveryRequest) {
  EXPECT_EQ(info().value().api_version, "1.45");
  EXPECT_TRUE(info().has_value());
  ASSERT_EQ(peer.requests.size(), 3u);
  EXPECT_EQ(peer.requests[0].line, "GET /_ping");
  EXPECT_EQ(peer.requests[1].line, "GET /v1.45/info");
  EXPECT_EQ(peer.requests[2].line, "GET /v1.45/info");
  EXPECT_EQ(peer.accepted, 1);
  EXPECT_TRUE(up());
}

// As behind a socket of systemd: it accepts all the time, whoever is behind it.
TEST_F(EngineWireTest, AnotherEngineBehindTheSameSocketIsNegotiatedAnew) {
  ASSERT_TRUE(info().has_value());
  peer.most = "1.41";
  const auto refused = info();
  expect_reason(refused, Reason::EngineUnavailable);
  EXPECT_NE(refused.error().message.find("1.45 is too new"), std::string::npos) << refused.error().message;
  EXPECT_EQ(info().value().api_version, "1.41");
  peer.least = "1.44";
  peer.most = "1.51";
  auto subscribed = run(engine->events(0));
  expect_reason(subscribed, Reason::EngineUnavailable);
  EXPECT_EQ(info().value().api_version, "1.51");
}

TEST_F(EngineWireTest, AnEngineThatIsTooNewSaysSo) {
  peer.least = "1.60";
  peer.most = "1.70";
  for (int i = 0; i < 2; ++i) {
    const auto refused = info();
    expect_reason(refused, Reason::EngineUnavailable);
    EXPECT_EQ(refused.error().message,
              "info: the engine is too new: API 1.51 is the latest that this berth speaks (client version "
              "1.51 is too old. "
              "Minimum supported API version is 1.60, please upgrade your client to a newer version)");
  }
  EXPECT_FALSE(up());
}

TEST_F(EngineWireTest, AnEngineThatHangsIsDownUntilItAnswers) {
  ASSERT_TRUE(info().has_value());
  peer.hangs = true;
  expect_reason(run(engine->inspect_container("x", in(50ms))), Reason::EngineUnavailable);
  EXPECT_TRUE(up()) << "one container may be sick";
  peer.script = [](const Request&) { return answer(200, "[]"); };
  expect_reason(list(50ms), Reason::EngineUnavailable);
  EXPECT_FALSE(up());
  peer.hangs = false;
  peer.look_again();
  EXPECT_TRUE(list().has_value());
  EXPECT_TRUE(up());

  peer.hangs = true;
  expect_reason(run(engine->list_networks({}, in(50ms))), Reason::EngineUnavailable);
  EXPECT_FALSE(up());
  peer.hangs = false;
  peer.look_again();
  peer.script = [](const Request&) { return answer(500, ""); };
  const auto refused = run(engine->inspect_container("x", in(5s)));
  expect_reason(refused, Reason::EngineError);
  EXPECT_EQ(refused.error().message, "container_inspect: the engine answered 500");
  EXPECT_TRUE(up()) << "it answers";
}

TEST_F(EngineWireTest, AConnectionThatTheEngineClosedIsReplaced) {
  peer.script = [](const Request&) {
    auto last = answer(200, "{}");
    last.then = Answer::Then::Close;
    return last;
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(info().has_value());
  EXPECT_EQ(peer.count("GET /_ping"), 1);
  EXPECT_EQ(peer.accepted, 3);
}

Task<void> start_and_note(Engine& engine, std::vector<std::string>& outcomes) {
  std::string id = "x";
  auto started = co_await engine.start_container(std::move(id));
  outcomes.push_back(started ? "started" : started.error().message);
}

TEST_F(EngineWireTest, AStartHasNoDeadlineAndHoldsNobodyUp) {
  bool gate = false;
  peer.script = [&](const Request& request) {
    auto next = request.line.ends_with("/start") ? answer(204, "") : answer(200, "[]");
    if (request.line.ends_with("/start")) next.gate = &gate;
    return next;
  };
  TaskGroup group(io.get_executor(), "test");
  std::vector<std::string> outcomes;
  group.spawn("start", start_and_note(*engine, outcomes));
  EXPECT_TRUE(list().has_value());
  peer.hangs = true;
  expect_reason(list(200ms), Reason::EngineUnavailable);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(peer.count("POST /v1.45/containers/x/start"), 1);
  peer.hangs = false;
  gate = true;
  peer.look_again();
  run(group.join());
  EXPECT_EQ(outcomes, std::vector<std::string>{"started"});
}

TEST_F(EngineWireTest, OverTcpItIsTheSame) {
  const auto at = peer.listen<asio::ip::tcp>({asio::ip::address_v4::loopback(), 0});
  connect("tcp://127.0.0.1:" + std::to_string(at.port()));
  EXPECT_EQ(info().value().id, "E");
  EXPECT_NE(peer.requests.at(1).head.find("\r\nHost: 127.0.0.1:" + std::to_string(at.port())),
            std::string::npos);
}

TEST_F(EngineWireTest, WhatIsNoListIsNotAnEmptyOne) {
  for (const char* text : {"null", "{}", "7", "[null]", "[7]", "\"\"", "no json", ""}) {
    peer.script = [&](const Request&) { return answer(200, text); };
    expect_reason(list(), Reason::EngineError);
    expect_reason(run(engine->list_networks({}, in(5s))), Reason::EngineError);
    expect_reason(run(engine->list_volumes({}, in(5s))), Reason::EngineError);
  }
  for (const char* text : {"null", "[]", "7", "no json"}) {
    peer.script = [&](const Request&) { return answer(200, text); };
    expect_reason(run(engine->inspect_container("x", in(5s))), Reason::EngineError);
    expect_reason(run(engine->inspect_network("x", in(5s))), Reason::EngineError);
    expect_reason(info(), Reason::EngineError);
  }
  for (const char* text : {R"({"Id":7})", "{}", "null"}) {
    peer.script = [&](const Request&) { return answer(201, text); };
    expect_reason(run(engine->create_container({}, in(5s))), Reason::EngineError);
    expect_reason(run(engine->create_network({}, in(5s))), Reason::EngineError);
  }
  peer.script = [](const Request&) { return answer(200, R"({"Volumes":null,"Warnings":null})"); };
  EXPECT_TRUE(run(engine->list_volumes({}, in(5s))).value().empty());
}

TEST_F(EngineWireTest, ALiftedLimitIsKnownBeforeTheProcessorsAre) {
  peer.script = [](const Request&) {
    return answer(200, R"({"Id":"x","HostConfig":{"NanoCpus":1999999999,"Memory":67108864}})");
  };
  const auto container = run(engine->inspect_container("x", in(5s)));
  EXPECT_EQ(container.value().nano_cpus, 0);
  EXPECT_EQ(container.value().memory_bytes, 64 << 20);
  EXPECT_EQ(peer.count("GET /v1.45/info"), 0);
}

TEST_F(EngineWireTest, ANetworkIsNamedWhereItsNameIsUnique) {
  peer.script = [](const Request&) { return answer(201, R"({"Id":"x"})"); };
  const std::pair<const char*, const char*> cases[] = {
      {"1.41", "0123"}, {"1.43", "0123"}, {"1.44", "net"}, {"1.51", "net"}};
  for (const auto& [version, network] : cases) {
    peer.most = version;
    connect("unix://" + path);
    ContainerSpec spec;
    spec.network_id = "0123";
    spec.network_name = "net";
    ASSERT_TRUE(run(engine->create_container(spec, in(5s))).has_value());
    const auto& body = peer.requests.back().body;
    EXPECT_NE(body.find("\"NetworkMode\":\"" + std::string(network) + "\""), std::string::npos)
        << version << " " << body;
  }
}

// ---- events

std::string event(int number, std::size_t padding) {
  return R"({"Type":"container","Action":"start","Actor":{"ID":")" + std::to_string(number) +
         R"(","Attributes":{"p":")" + std::string(padding, 'x') + R"("}},"timeNano":)" +
         std::to_string(number + 1) + "}\n";
}

Task<void> idle_consumer(EngineWireTest& t, int events, bool is_cut) {
  auto subscribed = co_await t.engine->events(0);
  CO_ASSERT_OK(subscribed);
  for (int i = 0; i < 2000 && t.peer.written < 2; ++i) co_await t.clock.sleep_for(5ms);
  EXPECT_EQ(t.peer.written, 2) << "nobody read what the engine wrote";
  if (is_cut) t.peer.cut();
  int got = 0;
  while (true) {
    auto next = co_await (*subscribed)->next();
    if (!next) {
      expect_reason(next, Reason::EngineUnavailable);
      EXPECT_EQ(next.error().message.find("too far behind") == std::string::npos, is_cut)
          << next.error().message;
      break;
    }
    EXPECT_EQ(next->actor_id, std::to_string(got));
    ++got;
  }
  // Those beyond the limit that came in the same read are kept too.
  EXPECT_GE(got, std::min(events, 100001));
  EXPECT_LE(got, events);
}

TEST_F(EngineWireTest, EventsAreDrainedHoweverIdleTheirReaderIs) {
  std::vector<std::string> pieces;
  for (int i = 0; i < 500; ++i) pieces.push_back(event(i, 20000));
  peer.script = [&](const Request&) { return stream(pieces, Answer::Then::Stay); };
  run(idle_consumer(*this, 500, true));
}

TEST_F(EngineWireTest, AReaderThatIsTooFarBehindLosesTheStream) {
  std::string all;
  for (int i = 0; i < 100500; ++i) all += event(i, 0);
  peer.script = [&](const Request&) { return stream({all}, Answer::Then::Stay); };
  run(idle_consumer(*this, 100500, false));
}

Task<void> dropped_streams(EngineWireTest& t) {
  auto subscribed = co_await t.engine->events(0);
  CO_ASSERT_OK(subscribed);
  auto next = co_await (*subscribed)->next();
  CO_ASSERT_OK(next);
  t.engine->drop_event_streams();
  next = co_await (*subscribed)->next();
  expect_reason(next, Reason::EngineUnavailable);
  auto again = co_await t.engine->events(0);
  CO_ASSERT_OK(again);
  next = co_await (*again)->next();
  CO_ASSERT_OK(next);
  for (int i = 0; i < 1000 && t.peer.written < 3; ++i) co_await t.clock.sleep_for(5ms);
  t.peer.cut();
  next = co_await (*again)->next();
  expect_reason(next, Reason::EngineUnavailable);
}

TEST_F(EngineWireTest, AStreamCanBeDroppedAndOpenedAgain) {
  peer.script = [](const Request&) { return stream({event(0, 1)}, Answer::Then::Stay); };
  run(dropped_streams(*this));
  EXPECT_EQ(peer.accepted, 3);
}

// ---- exec

TEST_F(EngineWireTest, AnExecThatIsLateIsLateWhateverItWaitedFor) {
  for (const std::string_view late : {"/containers/x/exec", "/exec/e/start", "/exec/e/json", "never ends"}) {
    peer.script = [&, late](const Request& request) {
      auto next = answer(200, R"({"Id":"e","Running":true})");
      if (request.line.ends_with("/start")) next = answer(200, "");
      if (request.line.ends_with(late)) next.gate = &never;
      return next;
    };
    expect_reason(run(engine->exec("x", {"true"}, in(100ms))), Reason::DeadlineExceeded);
  }
  peer.script = [](const Request&) {
    Answer cut;
    cut.then = Answer::Then::Close;
    return cut;
  };
  expect_reason(run(engine->exec("x", {"true"}, in(5s))), Reason::EngineUnavailable);
}

// ---- pulls

TEST_F(EngineWireTest, APullIsAnonymousNamesItsTagAndReadsTheProgressToItsEnd) {
  peer.script = [](const Request&) {
    return stream({"{\"status\":\"Pulling from library/postgres\",\"id\":\"16\"}\r\n{\"sta",
                   "tus\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":2}}\r\n",
                   "{\"status\":\"Digest: sha256:abcd\"}\r\n{\"errorDetail\":{}}\n[]\n7\n"},
                  Answer::Then::Close);
  };
  EXPECT_TRUE(run(engine->pull_image("postgres:16", "", in(5s))).has_value());
  ASSERT_EQ(peer.requests.size(), 2u);
  EXPECT_EQ(peer.requests[1].line, "POST /v1.45/images/create?fromImage=postgres&tag=16");
  EXPECT_EQ(peer.requests[1].head.find("X-Registry-Auth"), std::string::npos);
  EXPECT_EQ(peer.requests[1].head.find("Authorization"), std::string::npos);
  EXPECT_NE(registry.text().find("berth_engine_pulls_total{host=\"local\",result=\"success\"} 1"),
            std::string::npos);
}

TEST_F(EngineWireTest, APlatformIsPartOfTheAddress) {
  peer.script = [](const Request&) { return stream({"{}\n"}, Answer::Then::Close); };
  EXPECT_TRUE(run(engine->pull_image("postgres:16", "linux/arm64", in(5s))).has_value());
  EXPECT_EQ(peer.requests.back().line, "POST /v1.45/images/create?fromImage=postgres&tag=16&platform=linux%2Farm64");
  ContainerSpec spec;
  spec.name = "a";
  static_cast<void>(run(engine->create_container(spec, in(5s))));
  EXPECT_EQ(peer.requests.back().line, "POST /v1.45/containers/create?name=a");
  spec.options.platform = "linux/arm64";
  static_cast<void>(run(engine->create_container(spec, in(5s))));
  EXPECT_EQ(peer.requests.back().line, "POST /v1.45/containers/create?name=a&platform=linux%2Farm64");
}

TEST_F(EngineWireTest, APullThatFailsBehindASuccessIsAFailure) {
  const std::pair<const char*, Reason> ends[] = {
      {R"({"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"})", Reason::ImageNotFound},
      {R"({"errorDetail":{"message":7},"error":"toomanyrequests: slow down"})", Reason::PullRateLimited},
      {R"({"error":"unexpected EOF"})", Reason::ImagePullFailed},
      {R"({"errorDetail":{"message":"failed to resolve reference \"docker.io/library/n:1\": docker.io/library/n:1: not found"}})",
       Reason::ImageNotFound},
  };
  for (const auto& [line, reason] : ends) {
    // Also when the last line has no end.
    peer.script = [&, text = line](const Request&) {
      return stream({"{\"status\":\"Pulling\"}\n", text}, Answer::Then::Close);
    };
    expect_reason(run(engine->pull_image("n:1", "", in(5s))), reason);
  }
  peer.script = [](const Request&) { return answer(503, refusal("received unexpected HTTP status: 503")); };
  expect_reason(run(engine->pull_image("n:1", "", in(5s))), Reason::ImagePullFailed);
  EXPECT_NE(registry.text().find("berth_engine_pulls_total{host=\"local\",result=\"failure\"} 5"),
            std::string::npos);
}

TEST_F(EngineWireTest, APullThatIsCutIsTheEnginesAndOneThatIsLateThePulls) {
  peer.script = [](const Request&) {
    return Answer{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}, Answer::Then::Close};
  };
  expect_reason(run(engine->pull_image("n:1", "", in(5s))), Reason::EngineUnavailable);
  peer.script = [](const Request&) { return stream({"{\"status\":\"Downloading\"}\n"}, Answer::Then::Stay); };
  const auto late = run(engine->pull_image("n:1", "", in(100ms)));
  expect_reason(late, Reason::ImagePullFailed);
  EXPECT_EQ(late.error().message, "image_pull: n:1 did not arrive in time");
  peer.hangs = true;
  expect_reason(run(engine->pull_image("n:1", "", in(100ms))), Reason::ImagePullFailed);
  peer.hangs = false;
  peer.look_again();
}

Task<void> leave_a_pull(EngineWireTest& t, bool& wanted, PullGroup& pulls) {
  for (int i = 0; i < 1000 && t.peer.written < 2; ++i) co_await t.clock.sleep_for(5ms);
  wanted = false;
  pulls.look_again();
  for (int i = 0; i < 1000 && t.peer.hung_up == 0; ++i) co_await t.clock.sleep_for(5ms);
}

Task<void> pull_while(PullGroup& pulls, const bool& wanted, std::vector<std::string>& outcomes) {
  PullGroup::Wanted still = [&wanted] { return wanted; };
  std::string reference = "n:1", platform;
  auto pulled = co_await pulls.pull(std::move(reference), std::move(platform), std::move(still));
  outcomes.emplace_back(pulled ? "pulled" : base::to_string(pulled.error().reason));
}

TEST_F(EngineWireTest, APullThatNobodyWantsAnyMoreHangsUp) {
  peer.script = [](const Request&) { return stream({"{}\n"}, Answer::Then::Stay); };
  PullGroup pulls(io.get_executor(), clock, *engine);
  TaskGroup group(io.get_executor(), "test");
  bool wanted = true;
  std::vector<std::string> outcomes;
  group.spawn("pull", pull_while(pulls, wanted, outcomes));
  run(leave_a_pull(*this, wanted, pulls));
  EXPECT_EQ(peer.hung_up, 1);
  EXPECT_EQ(outcomes, std::vector<std::string>{"Cancelled"});
  run(group.join());
  run(pulls.stop());
}

}  // namespace
}  // namespace berth::engine
