#include "controller/reconcile/pod_operations.h"

#include "controller/reconcile/pod_log.h"
#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

// What a log request would have received.
struct LogReader final : http::ResponseWriter {
  std::string type;
  std::string text;
  Task<void> respond(int, std::string, std::string, http::Headers) override { co_return; }
  Task<void> start_stream(int, std::string content_type, http::Headers) override {
    type = std::move(content_type);
    co_return;
  }
  using ResponseWriter::write;
  Task<bool> write(http::SharedChunk chunk) override {
    text += chunk->bytes();
    co_return true;
  }
  Task<std::shared_ptr<http::ByteStream>> upgrade(http::Headers) override { co_return nullptr; }
  bool started() const override { return !type.empty(); }
};

struct PodOperationsTest : ReconcileWorld {
  api::PodOperations pods() { return berthd->operations().pods; }
  void run_redis(fakes::Behaviour behaviour) {
    engine.behave("redis", std::move(behaviour));
    create(environment("shop", {service("redis")}));
    run(5s);
  }
  std::string log(api::PodLogOptions options) {
    LogReader reader;
    const auto done = fakes::run_task(io, clock, pods().logs(get("shop"), "redis", options, reader));
    return done.has_error() ? "error: " + done.error().message : reader.text;
  }
  std::shared_ptr<api::RemoteProcess> exec(std::vector<std::string> command, api::RemoteStreams streams) {
    return fakes::run_task(io, clock, pods().exec(get("shop"), "redis", std::move(command), streams)).value();
  }
};

TEST_F(PodOperationsTest, TheLogIsOfTheRunThatGoesOn) {
  run_redis({.logs = "up\n"});
  EXPECT_EQ(log({}), "up\n");
  EXPECT_FALSE(engine.last_log_options().since || engine.last_log_options().until);
  EXPECT_EQ(log({.previous = true}), "error: previous terminated container \"redis\" in pod \"shop.redis\" not found");
  engine.kill(container_of("shop", "redis"), 1);
  run(5s);
  log({});
  EXPECT_TRUE(engine.last_log_options().since);
  EXPECT_EQ(log({.previous = true, .tail = 1}), "up\n");
  EXPECT_TRUE(engine.last_log_options().until);
  EXPECT_FALSE(engine.last_log_options().tail) << "the engine counts from the end of everything";
}

TEST_F(PodOperationsTest, TheLogIsCutToItsLimit) {
  run_redis({.logs = "one\ntwo\n"});
  EXPECT_EQ(log({.limit_bytes = 5}), "one\nt");
  EXPECT_EQ(log({.tail = 1}), "two\n");
}

TEST_F(PodOperationsTest, AContainerThatIsNotThereYetHasNoLog) {
  engine.inject({.operation = "container_create", .times = -1, .error = base::error(Reason::EngineError, "no")});
  create(environment("shop", {service("redis")}));
  run(1s);
  EXPECT_EQ(log({}), "error: container \"redis\" in pod \"shop.redis\" is waiting to start: CreateContainerError");
}

TEST_F(PodOperationsTest, AnExecHasItsStreamsAndItsExitCode) {
  fakes::Behaviour behaviour;
  behaviour.exec = [](const auto&) { return engine::ExecResult{7, "hello\n"}; };
  run_redis(behaviour);
  const auto process = exec({"sh", "-c", "x"}, {.in = true, .out = true, .err = true, .tty = false});
  EXPECT_EQ(engine.last_exec().command, (std::vector<std::string>{"sh", "-c", "x"}));
  EXPECT_EQ(fakes::run_task(io, clock, process->next()).value()->bytes, "hello\n");
  EXPECT_TRUE(fakes::run_task(io, clock, process->write("more")));
  EXPECT_EQ(fakes::run_task(io, clock, process->next()).value()->bytes, "more");
  fakes::run_task(io, clock, process->end_input());
  EXPECT_FALSE(fakes::run_task(io, clock, process->next()).value());
  EXPECT_EQ(fakes::run_task(io, clock, process->exit_code()).value(), 7);
}

TEST_F(PodOperationsTest, ACommandThatCannotBeStartedIsAnError) {
  fakes::Behaviour behaviour;
  behaviour.exec = [](const std::vector<std::string>& command) {
    return engine::ExecResult{command.front() == "no" ? 126 : 1, "OCI runtime exec failed: exec failed: no such file\r\n"};
  };
  run_redis(behaviour);
  const api::RemoteStreams output{.in = false, .out = true, .err = true, .tty = false};
  const auto missing = fakes::run_task(io, clock, exec({"no"}, output)->next());
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(missing.error().message, "error executing command in container: OCI runtime exec failed: exec failed: no such file");
  const auto said = fakes::run_task(io, clock, exec({"echo"}, output)->next());
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ((*said)->bytes, "OCI runtime exec failed: exec failed: no such file\r\n");
}

TEST_F(PodOperationsTest, ATerminalIsResizedAsSoonAsItCanBe) {
  run_redis({});
  const auto process = exec({"sh"}, {.in = true, .out = true, .err = false, .tty = true, .size = api::TerminalSize{80, 24}});
  EXPECT_EQ(engine.last_exec().size->width, 80);
  engine.inject({.operation = "exec", .target = "exec-", .times = 3, .error = base::error(Reason::EngineError, "not yet")});
  fakes::run_task(io, clock, process->resize({100, 30}));
  EXPECT_EQ(engine.resizes(), (std::vector<std::string>{"exec-1 100x30"}));
}

TEST_F(PodOperationsTest, WhatDoesNotRunIsNotEntered) {
  run_redis({});
  const auto environment = get("shop");
  remove("shop");
  run(10s);
  const auto gone = fakes::run_task(io, clock, pods().exec(environment, "redis", {"true"}, {.out = true}));
  EXPECT_EQ(gone.error().reason, Reason::NotFound);
  EXPECT_EQ(fakes::run_task(io, clock, pods().forward(environment, "redis", 80)).error().reason, Reason::NotFound);
}

TEST(LogTail, KeepsTheLastLines) {
  LogTail tail(2);
  for (const char* piece : {"one\ntw", "o\nthr", "ee\n"}) tail.add(piece);
  EXPECT_EQ(tail.take(), "two\nthree\n");
  LogTail none(0);
  none.add("one\n");
  EXPECT_EQ(none.take(), "");
  LogTail more(9);
  more.add("one\ntwo");
  EXPECT_EQ(more.take(), "one\ntwo");
}

TEST(LogTail, DoesNotGrowWithTheLog) {
  LogTail tail(1000000);
  const std::string line(1023, 'x');
  for (int i = 0; i < 40000; ++i) tail.add(line + "\n");
  EXPECT_LE(tail.take().size(), LogTail::kMostTail);
}

}  // namespace
}  // namespace berth::reconcile
