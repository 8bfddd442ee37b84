#include <unistd.h>

#include "controller/engine/http_engine.h"
#include "metrics/registry.h"
#include "tests/engine_suite/engine_suite.h"
#include "tests/engine_suite/fake_engine_harness.h"
#include "tests/fakes/engine_wire_server.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"
#include "tests/fakes/scratch_directory.h"

// The suite over a socket: HttpEngine, EngineWireServer, FakeEngine. What the fake answers and what the client makes of it agree.
namespace berth::engine_suite {
namespace {

class WireHarness final : public FakeEngineHarness {
 public:
  WireHarness()
      : FakeEngineHarness(fake_, std::chrono::milliseconds(100)),
        metrics_(registry_, "local"),
        fake_(io_.get_executor(), clock_),
        server_(io_.get_executor(), clock_, fake_) {
    add_images();
    const auto endpoint = engine::parse_docker_host("unix://" + socket()).value();
    server_.listen(endpoint).value();
    engine_ = engine::make_http_engine(io_.get_executor(), clock_, endpoint, metrics_);
  }
  engine::Engine& engine() override { return *engine_; }
  base::Clock& clock() override { return clock_; }
  asio::io_context& io() override { return io_; }
  void run(Task<void> task) override { fakes::run_task(io_, std::move(task)); }
  void clean_up() override {
    fakes::run_task(io_, stop_all());
    engine_.reset();
    fakes::settle(io_);
  }

  fakes::FakeEngine& fake() { return fake_; }
  fakes::EngineWireServer& server() { return server_; }
  std::string socket() const { return directory_ / "engine.sock"; }

 private:
  Task<void> stop_all() {
    co_await engine_->stop();
    co_await server_.stop();
    co_await fake_.stop();
  }

  fakes::ScratchDirectory directory_;
  asio::io_context io_;
  base::SystemClock clock_;
  metrics::Registry registry_;
  metrics::EngineMetrics metrics_;
  fakes::FakeEngine fake_;
  fakes::EngineWireServer server_;
  std::unique_ptr<engine::Engine> engine_;
};

std::unique_ptr<Harness> make_wire() { return std::make_unique<WireHarness>(); }
INSTANTIATE_TEST_SUITE_P(Wire, EngineSuite, testing::Values(&make_wire));

struct EngineWire : testing::Test {
  void TearDown() override { h.clean_up(); }
  WireHarness h;
};

// Each refusal of the fake arrives as what it was, whatever the socket made of it.
Task<void> refusals(WireHarness& h) {
  struct Case {
    std::string operation;
    Reason reason;
    std::string message;
  };
  const auto id = co_await make_container(h, h.sleeping("a"));
  const std::vector<Case> cases = {
      {"container_start", Reason::PortConflict, "Bind for 127.0.0.1:30000 failed: port is already allocated"},
      {"container_start", Reason::DiskPressure, "write /x: no space left on device"},
      {"container_start", Reason::SubnetExhausted, "no available IPv4 addresses on this network's address pools: x (y)"},
      {"container_start", Reason::RemovalInProgress, "container is marked for removal and cannot be started"},
      {"container_start", Reason::EngineUnavailable, "starting up"},
      {"container_start", Reason::EngineError, "a \"quoted\" text \xc3\xa4"},
  };
  for (const auto& wanted : cases) {
    fakes::Fault fault;
    fault.operation = wanted.operation;
    fault.error = base::error(wanted.reason, wanted.message);
    h.fake().inject(std::move(fault));
    auto started = co_await h.engine().start_container(id);
    expect_reason(started, wanted.reason);
    if (started.has_error()) {
      EXPECT_EQ(started.error().message, wanted.message);
    }
  }
}
TEST_F(EngineWire, ARefusalArrivesWithItsReasonAndItsText) { h.run(refusals(h)); }

Task<void> late_call(WireHarness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  fakes::Fault fault;
  fault.operation = "container_inspect";
  h.fake().inject(std::move(fault));
  const auto soon = base::Deadline::after(h.clock().steady_now(), std::chrono::milliseconds(50));
  auto inspected = co_await h.engine().inspect_container(id, soon);
  expect_reason(inspected, Reason::EngineUnavailable);
  const auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, engine::ContainerState::Created);
}
TEST_F(EngineWire, ACallThatHangsEndsAtItsDeadlineAndHoldsUpNobody) { h.run(late_call(h)); }

Task<void> lost_answer(WireHarness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  fakes::Fault fault;
  fault.operation = "container_start";
  fault.takes_effect = true;
  fault.error = base::error(Reason::EngineUnavailable, "lost");
  h.fake().inject(std::move(fault));
  auto started = co_await h.engine().start_container(id);
  expect_reason(started, Reason::EngineUnavailable);
  const auto container = co_await inspect(h, id);
  EXPECT_TRUE(container.running());
}
TEST_F(EngineWire, AnAnswerCanBeLostWhoseCallTookEffect) { h.run(lost_answer(h)); }

Task<void> options_over_the_wire(WireHarness& h) {
  auto spec = h.sleeping("a");
  spec.options.init = true;
  spec.options.platform = "linux/amd64";
  spec.options.tty = true;
  spec.options.ulimits = {{"nofile", 1, 2}};
  spec.options.tmpfs = {{"/run", "size=1"}};
  spec.options.log_driver = "local";
  spec.options.gpus = 1;
  spec.options.devices = {{"/dev/a", "/dev/b", "r"}};
  const auto wanted = spec.options;
  const auto id = co_await make_container(h, std::move(spec));
  EXPECT_EQ(h.fake().spec(id)->options, wanted);
  const auto container = co_await inspect(h, id);
  EXPECT_TRUE(container.tty);
}
TEST_F(EngineWire, OptionsOfAContainerArriveAsTheyWereSent) { h.run(options_over_the_wire(h)); }

Task<void> platforms(WireHarness& h) {
  h.fake().every_image_exists = false;
  h.fake().offer_image("many:1", {});
  const std::string own, other = "linux/arm64";
  auto pulled = co_await h.engine().pull_image("many:1", own, h.soon());
  CO_ASSERT_OK(pulled);
  auto spec = h.sleeping("a");
  spec.image = "many:1";
  spec.options.platform = other;
  auto copy = spec;
  auto created = co_await h.engine().create_container(std::move(copy), h.soon());
  expect_reason(created, Reason::ImageNotFound);
  pulled = co_await h.engine().pull_image("many:1", other, h.soon());
  CO_ASSERT_OK(pulled);
  created = co_await h.engine().create_container(std::move(spec), h.soon());
  CO_ASSERT_OK(created);
}
TEST_F(EngineWire, AnImageOfAnotherPlatformIsPulledForThatOne) { h.run(platforms(h)); }

Task<void> pulls(WireHarness& h) {
  const std::string own;
  h.fake().offer_image("there:1", {});
  h.fake().refuse_pull("limited:1", base::error(Reason::PullRateLimited, "toomanyrequests: slower, please"));
  h.fake().refuse_pull("broken:1", base::error(Reason::ImagePullFailed, "dial tcp: no such host"));
  auto pulled = co_await h.engine().pull_image("there:1", own, h.soon());
  CO_ASSERT_OK(pulled);
  auto image = co_await h.engine().inspect_image("there:1", h.soon());
  CO_ASSERT_OK(image);
  EXPECT_EQ(image->repo_tags, std::vector<std::string>{"there:1"});
  pulled = co_await h.engine().pull_image("limited:1", own, h.soon());
  expect_reason(pulled, Reason::PullRateLimited);
  pulled = co_await h.engine().pull_image("broken:1", own, h.soon());
  expect_reason(pulled, Reason::ImagePullFailed);
  pulled = co_await h.engine().pull_image("registry.test:5000/team/nothing:2", own, h.soon());
  expect_reason(pulled, Reason::ImageNotFound);
  auto missing = co_await h.engine().inspect_image("registry.test:5000/team/nothing:2", h.soon());
  expect_reason(missing, Reason::ImageNotFound);
}
TEST_F(EngineWire, APullSucceedsOrSaysWhyNotInBandOrBefore) { h.run(pulls(h)); }

Task<void> copies_bytes(WireHarness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  std::vector<engine::FileToCopy> files;
  files.push_back({"/etc/some/where/config.yaml", std::string("nul\0inside", 10), 0440, 7, 8});
  files.push_back({"/etc/" + std::string(150, 'n') + "/" + std::string(150, 'm'), std::string(300000, 'x'), 0644, 0, 0});
  const auto expected = files;
  auto copied = co_await h.engine().copy_files(id, std::move(files), h.soon());
  CO_ASSERT_OK(copied);
  const auto arrived = h.fake().files(id);
  CO_ASSERT(arrived.size() == expected.size());
  for (const auto& file : expected) {
    const auto found = arrived.find(file.path);
    CO_ASSERT(found != arrived.end());
    EXPECT_EQ(found->second.content, file.content);
    EXPECT_EQ(found->second.mode, file.mode);
    EXPECT_EQ(found->second.uid, file.uid);
    EXPECT_EQ(found->second.gid, file.gid);
  }
}
TEST_F(EngineWire, AFileArrivesWithItsBytesModeAndOwner) { h.run(copies_bytes(h)); }

Task<std::string> read_all(WireHarness& h, std::string id, engine::LogOptions options) {
  const auto text = co_await read_logs(h, std::move(id), std::move(options));
  co_return text;
}

Task<void> log_times(WireHarness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  co_await h.clock().sleep_for(std::chrono::milliseconds(5));
  const auto middle = h.clock().system_now();
  co_await h.clock().sleep_for(std::chrono::milliseconds(5));
  h.fake().write_logs(id, "later\n");
  engine::LogOptions after;
  after.since = middle;
  const auto later = co_await read_all(h, id, after);
  EXPECT_EQ(later, "later\n");
  engine::LogOptions before;
  before.until = middle;
  before.timestamps = true;
  const auto earlier = co_await read_all(h, id, before);
  CO_ASSERT(earlier.ends_with(" up\n"));
  const auto written = base::parse_time(earlier.substr(0, earlier.find(' ')));
  CO_ASSERT(written.has_value());
  EXPECT_LT(*written, middle);
  engine::LogOptions last;
  last.tail = 1;
  last.until = middle;
  const auto nothing = co_await read_all(h, id, last);
  EXPECT_EQ(nothing, "");
}
TEST_F(EngineWire, LogsAreCutByTimeAndStamped) { h.run(log_times(h)); }

Task<void> typed_input(WireHarness& h) {
  auto spec = h.sleeping("a");
  h.fake().behave(spec.name, {});
  const auto id = co_await run_container(h, std::move(spec));
  for (const bool tty : {false, true}) {
    engine::ExecOptions options;
    options.command = {"cat"};
    options.streams.in = true;
    options.tty = tty;
    auto opened = co_await h.engine().open_exec(id, options, h.soon());
    CO_ASSERT_OK(opened);
    const auto stream = opened->stream;
    const bool written = co_await stream->write("hello\n");
    EXPECT_TRUE(written);
    auto echo = co_await stream->next();
    CO_ASSERT_OK(echo);
    CO_ASSERT(echo->has_value());
    EXPECT_EQ((*echo)->bytes, "hello\n");
    engine::TerminalSize size{100, 30};
    auto resized = co_await h.engine().resize_exec(opened->id, size, h.soon());
    CO_ASSERT_OK(resized);
    co_await stream->end_input();
    auto end = co_await stream->next();
    CO_ASSERT_OK(end);
    EXPECT_FALSE(end->has_value());
    auto code = co_await h.engine().exec_exit_code(opened->id, h.soon());
    CO_ASSERT_OK(code);
    EXPECT_EQ(*code, 0);
  }
  EXPECT_EQ(h.fake().resizes().size(), 2u);
  auto nobody = co_await h.engine().exec_exit_code("nothing", h.soon());
  expect_reason(nobody, Reason::NotFound);
}
TEST_F(EngineWire, WhatIsTypedIntoAnExecReachesItUntilTheInputEnds) { h.run(typed_input(h)); }

Task<void> missing_command(WireHarness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  fakes::Fault fault;
  fault.operation = "exec";
  fault.error = base::error(Reason::CommandNotFound, "exec: \"nope\": executable file not found in $PATH");
  h.fake().inject(std::move(fault));
  std::vector<std::string> command{"nope"};
  auto ran = co_await h.engine().exec(id, std::move(command), h.soon());
  expect_reason(ran, Reason::CommandNotFound);
}
TEST_F(EngineWire, ACommandThatDoesNotExistIsToldInItsOutput) { h.run(missing_command(h)); }

Task<void> engine_dies(WireHarness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  auto subscribed = co_await h.engine().events(0);
  CO_ASSERT_OK(subscribed);
  co_await h.server().stop();
  auto event = co_await (*subscribed)->next();
  expect_reason(event, Reason::EngineUnavailable);
  auto ping = co_await h.engine().ping(h.soon());
  expect_reason(ping, Reason::EngineUnavailable);
  h.server().listen(engine::parse_docker_host("unix://" + h.socket()).value()).value();
  ping = co_await h.engine().ping(h.soon());
  CO_ASSERT_OK(ping);
  const auto container = co_await inspect(h, id);
  EXPECT_TRUE(container.running());
}
TEST_F(EngineWire, AnEngineThatDiedIsUnavailableUntilItListensAgain) { h.run(engine_dies(h)); }

Task<void> newer_engine(WireHarness& h) {
  h.fake().engine_info.version = "28.5.0";
  h.fake().engine_info.api_version = "1.51";
  auto info = co_await h.engine().info(h.soon());
  CO_ASSERT_OK(info);
  EXPECT_EQ(info->api_version, "1.51");
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  spec.network_name = h.name("net");
  const auto id = co_await run_container(h, std::move(spec));
  const auto container = co_await inspect(h, id);
  CO_ASSERT(container.attachments.size() == 1);
  EXPECT_EQ(container.attachments[0].network_id, network);
}
TEST_F(EngineWire, TheVersionIsTheOneThatTheEngineSays) { h.run(newer_engine(h)); }

}  // namespace
}  // namespace berth::engine_suite
