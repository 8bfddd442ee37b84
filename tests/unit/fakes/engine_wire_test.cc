#include <stdlib.h>
#include <unistd.h>

#include "controller/engine/http_engine.h"
#include "metrics/registry.h"
#include "tests/engine_suite/engine_suite.h"
#include "tests/fakes/engine_wire_server.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

// The suite over a socket: HttpEngine, EngineWireServer, FakeEngine. What the fake answers and what the client makes of it agree.
namespace berth::engine_suite {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = testing::TempDir() + "/berth-wire-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TemporaryDirectory() { ::rmdir(path_.c_str()); }
  std::string socket() const { return path_ + "/engine.sock"; }

 private:
  std::string path_;
};

class WireHarness final : public Harness {
 public:
  WireHarness() : metrics_(registry_, "local"), fake_(io_.get_executor(), clock_), server_(io_.get_executor(), clock_, fake_) {
    fake_.every_image_exists = false;
    fake_.add_image(kImage, {});
    fake_.add_image(kVolumeImage, engine::Image{"", {}, false, {"/data"}});
    fake_.add_image(kHealthImage, engine::Image{"", {}, true, {}});
    const auto endpoint = engine::parse_docker_host("unix://" + directory_.socket()).value();
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

  std::shared_ptr<void> hold_port(std::uint16_t port) override {
    fake_.hold_port("127.0.0.1", port);
    auto& fake = fake_;
    return {nullptr, [&fake, port](void*) { fake.release_port("127.0.0.1", port); }};
  }
  std::string name(const std::string& suffix) override { return "suite-" + suffix; }
  std::string subnet(int n) override { return "10.213.0." + std::to_string(16 * n) + "/28"; }
  std::uint16_t port(int n) override { return static_cast<std::uint16_t>(30000 + n); }

  engine::ContainerSpec sleeping(const std::string& suffix) override {
    fakes::Behaviour behaviour;
    behaviour.logs = "up\n";
    behaviour.exec = [](const std::vector<std::string>& command) {
      return command.front() == "true" ? engine::ExecResult{0, ""} : engine::ExecResult{7, "oops\n"};
    };
    return spec(suffix, kImage, behaviour);
  }
  engine::ContainerSpec exiting(const std::string& suffix, int code, base::Duration after) override {
    fakes::Behaviour behaviour;
    behaviour.exits_after = after;
    behaviour.exit_code = code;
    return spec(suffix, kImage, behaviour);
  }
  engine::ContainerSpec printing(const std::string& suffix, const std::string& text) override {
    fakes::Behaviour behaviour;
    behaviour.exits_after = std::chrono::milliseconds(10);
    behaviour.logs = text;
    return spec(suffix, kImage, behaviour);
  }
  engine::ContainerSpec without_command(const std::string& suffix) override {
    fakes::Behaviour behaviour;
    behaviour.fails_to_start = base::error(Reason::CommandNotFound, "exec: \"nope\": executable file not found in $PATH");
    return spec(suffix, kImage, behaviour);
  }
  engine::ContainerSpec with_volume(const std::string& suffix) override { return spec(suffix, kVolumeImage, {}); }
  engine::ContainerSpec becoming_healthy(const std::string& suffix) override {
    fakes::Behaviour behaviour;
    behaviour.healthy_after = std::chrono::milliseconds(100);
    return spec(suffix, kHealthImage, behaviour);
  }
  std::vector<std::string> failing_command() override { return {"false"}; }

  fakes::FakeEngine& fake() { return fake_; }
  fakes::EngineWireServer& server() { return server_; }
  std::string socket() const { return directory_.socket(); }

 private:
  static constexpr const char* kImage = "test/image:1";
  static constexpr const char* kVolumeImage = "test/volume:1";
  static constexpr const char* kHealthImage = "test/health:1";

  engine::ContainerSpec spec(const std::string& suffix, const char* image, fakes::Behaviour behaviour) {
    engine::ContainerSpec spec;
    spec.name = name(suffix);
    spec.image = image;
    spec.labels = {{"berth-suite", name("x")}, {"what", suffix}};
    fake_.behave(spec.name, std::move(behaviour));
    return spec;
  }
  Task<void> stop_all() {
    co_await engine_->stop();
    co_await server_.stop();
    co_await fake_.stop();
  }

  TemporaryDirectory directory_;
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

}  // namespace
}  // namespace berth::engine_suite
