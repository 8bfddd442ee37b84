#include "tests/fakes/engine_control.h"

#include <gtest/gtest.h>

#include "tests/fakes/run_task.h"

namespace berth::fakes {
namespace {

using nlohmann::json;

struct Answer : http::ResponseWriter {
  Task<void> respond(int code, std::string, std::string text, http::Headers) override {
    status = code;
    body = json::parse(text);
    co_return;
  }
  Task<void> start_stream(int, std::string, http::Headers) override { co_return; }
  Task<bool> write(http::SharedChunk) override { co_return false; }
  Task<std::shared_ptr<http::ByteStream>> upgrade(http::Headers) override { co_return nullptr; }
  bool started() const override { return status != 0; }

  int status = 0;
  json body;
};

struct EngineControlTest : testing::Test {
  ~EngineControlTest() override { run_task(io, clock, engine.stop()); }

  json say(const std::string& method, const std::string& path, const std::string& body, int status) {
    auto request = std::make_shared<http::ServerRequest>();
    request->method = method;
    request->path = path;
    request->body = body;
    Answer answer;
    run_task(io, clock, control.handle(request, answer));
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << body << ": " << answer.body;
    return answer.body;
  }
  json post(const std::string& path, const std::string& body, int status = 200) { return say("POST", path, body, status); }
  json state() { return say("GET", "/state", "", 200); }

  // The reason that it fails for, or "".
  std::string start(const std::string& name) {
    auto started = run_task(io, clock, engine.start_container(name));
    return started ? "" : std::string(base::to_string(started.error().reason));
  }
  void create(const std::string& name) {
    engine::ContainerSpec spec;
    spec.name = name;
    spec.image = "image:1";
    run_task(io, clock, engine.create_container(spec, base::Deadline::never())).value();
  }

  asio::io_context io;
  FakeClock clock;
  FakeEngine engine{io.get_executor(), clock};
  EngineWireServer server{io.get_executor(), clock, engine};
  EngineControl control{clock, engine, server, http::Endpoint{http::Endpoint::Kind::Unix, "/nonexistent/engine.sock"}};
};

TEST_F(EngineControlTest, WhatIsNotKnownIsRefusedWithTheNamesThatAre) {
  const auto says = [](const json& answer, const std::string& part) {
    return answer["message"].get<std::string>().find(part) != std::string::npos;
  };
  EXPECT_TRUE(says(post("/zork", "", 404), "POST /faults"));
  EXPECT_TRUE(says(say("GET", "/faults", "", 404), "POST /faults"));
  EXPECT_TRUE(says(post("/kill", "[]", 400), "JSON object"));
  EXPECT_TRUE(says(post("/kill", R"({"container": "nobody"})", 404), "nobody"));
  EXPECT_TRUE(says(post("/kill", R"({"name": "x"})", 400), "expected container, exitCode, oomKilled"));
  EXPECT_TRUE(says(post("/kill", "{}", 400), "container must be given"));
  EXPECT_TRUE(says(post("/faults", R"({"operation": "zork", "hang": true})", 400), "container_start"));
  EXPECT_TRUE(says(post("/faults", R"({"operation": "exec"})", 400), "hang"));
  EXPECT_TRUE(says(post("/faults", R"({"operation": "exec", "reason": "Zork"})", 400), "there is no reason"));
  EXPECT_TRUE(says(post("/latency", R"({"operation": "zork", "seconds": 1})", 400), "image_pull"));
  EXPECT_TRUE(says(post("/hold-port", R"({"port": 0})", 400), "65535"));
  EXPECT_TRUE(says(post("/behaviours", R"({"who": "box", "exec": [{"command": "x"}]})", 400), "contains"));
}

TEST_F(EngineControlTest, AFaultIsWhatTheClientWillRead) {
  create("box");
  post("/faults", R"({"operation": "container_start", "target": "box", "reason": "PortConflict", "times": 2})");
  EXPECT_EQ(start("box"), "PortConflict");
  EXPECT_EQ(start("box"), "PortConflict");
  EXPECT_EQ(start("box"), "");
  const auto wrong = post("/faults", R"({"operation": "container_start", "reason": "PortConflict", "message": "oh"})", 400);
  EXPECT_NE(wrong["message"].get<std::string>().find("as EngineError"), std::string::npos);
  const auto fine = post("/faults", R"({"operation": "container_remove", "reason": "NotFound"})", 400);
  EXPECT_NE(fine["message"].get<std::string>().find("as a success"), std::string::npos);
  post("/faults", R"({"operation": "container_start", "status": 503, "times": -1})");
  EXPECT_EQ(start("box"), "EngineUnavailable");
  say("DELETE", "/faults", "", 200);
  EXPECT_EQ(start("box"), "");
}

TEST_F(EngineControlTest, ContainersBehaveAsTheyAreTold) {
  post("/behaviours", R"({"who": "box", "exitsAfter": 2.5, "exitCode": 3, "logs": "up\n",
                          "exec": [{"contains": "false", "exitCode": 1, "output": "no"}, {"output": "yes"}]})");
  create("box");
  EXPECT_EQ(start("box"), "");
  for (const bool good : {false, true}) {
    std::vector<std::string> command{"sh", good ? "true" : "false"};
    const auto ran = run_task(io, clock, engine.exec("box", command, base::Deadline::never()));
    EXPECT_EQ(ran.value().exit_code, good ? 0 : 1);
    EXPECT_EQ(ran.value().output, good ? "yes" : "no");
  }
  run_for(io, clock, std::chrono::milliseconds(2499));
  EXPECT_EQ(state()["containers"][0]["state"], "running");
  run_for(io, clock, std::chrono::milliseconds(1));
  EXPECT_EQ(state()["containers"][0]["state"], "exited");
  EXPECT_EQ(state()["containers"][0]["exitCode"], 3);
  post("/behaviours", R"({"who": "other", "failsToStart": {"reason": "CommandNotFound"}})");
  create("other");
  EXPECT_EQ(start("other"), "CommandNotFound");
}

TEST_F(EngineControlTest, OthersDoThingsBehindTheBack) {
  const auto network = post("/foreign-network", R"({"name": "theirs", "subnet": "10.9.0.0/24", "labels": {"a": "b"}})");
  post("/foreign-network", R"({"name": "other", "subnet": "10.9.0.0/16"})", 409);
  post("/foreign-container", R"({"name": "job", "network": "theirs"})");
  EXPECT_EQ(state()["counts"], json::parse(R"({"containers": 1, "running": 1, "networks": 1, "volumes": 0})"));
  EXPECT_EQ(state()["networks"][0]["Id"], network["id"]);
  post("/disconnect", R"({"network": "theirs", "container": "job"})");
  EXPECT_EQ(state()["containers"][0]["networks"].size(), 0u);
  post("/kill", R"({"container": "job", "exitCode": 9})");
  EXPECT_EQ(state()["containers"][0]["exitCode"], 9);
  post("/remove", R"({"container": "job"})");
  post("/remove", R"({"network": "theirs"})");
  EXPECT_EQ(state()["counts"]["containers"], 0);
  EXPECT_EQ(state()["counts"]["networks"], 0);
}

TEST_F(EngineControlTest, ContainersArePausedRenamedAndRemovedWithoutAnEnd) {
  create("box");
  start("box");
  post("/pause", R"({"container": "box"})");
  EXPECT_EQ(state()["containers"][0]["state"], "paused");
  post("/pause", R"({"container": "box"})", 409);
  post("/pause", R"({"container": "box", "paused": false})");
  EXPECT_EQ(state()["containers"][0]["state"], "running");
  create("other");
  post("/rename", R"({"container": "box", "name": "other"})", 409);
  post("/rename", R"({"container": "box", "name": "case"})");
  EXPECT_EQ(start("box"), "NotFound");
  post("/removing", R"({"container": "case"})");
  const auto removed = run_task(io, clock, engine.remove_container("case", base::Deadline::never()));
  ASSERT_TRUE(removed.has_error());
  EXPECT_EQ(removed.error().reason, Reason::RemovalInProgress);
}

TEST_F(EngineControlTest, CallsAreCountedAndForgotten) {
  create("box");
  create("other");
  start("box");
  const auto calls = say("GET", "/calls", "", 200);
  EXPECT_EQ(calls["operations"]["container_create"]["count"], 2);
  EXPECT_EQ(calls["operations"]["container_start"]["mostAtOnce"], 1);
  EXPECT_EQ(calls["calls"].size(), 3u);
  EXPECT_EQ(calls["calls"][2]["target"], "box");
  say("DELETE", "/calls", "", 200);
  EXPECT_EQ(say("GET", "/calls", "", 200)["calls"].size(), 0u);
}

}  // namespace
}  // namespace berth::fakes
