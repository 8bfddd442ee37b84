#include <map>

#include "tests/engine_suite/engine_suite.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::engine_suite {
namespace {

class FakeHarness final : public Harness {
 public:
  FakeHarness() : engine_(io_.get_executor(), clock_) {
    engine_.every_image_exists = false;
    engine_.add_image(kImage, {});
    engine_.add_image(kVolumeImage, engine::Image{"", {}, false, {"/data"}});
    engine_.add_image(kHealthImage, engine::Image{"", {}, true, {}});
  }
  engine::Engine& engine() override { return engine_; }
  base::Clock& clock() override { return clock_; }
  asio::io_context& io() override { return io_; }
  void run(Task<void> task) override { fakes::run_task(io_, clock_, std::move(task)); }
  void clean_up() override { fakes::run_task(io_, engine_.stop()); }

  std::shared_ptr<void> hold_port(std::uint16_t port) override {
    engine_.hold_port("127.0.0.1", port);
    auto& engine = engine_;
    return {nullptr, [&engine, port](void*) { engine.release_port("127.0.0.1", port); }};
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
    behaviour.fails_to_start =
        base::error(Reason::CommandNotFound, "exec: \"nope\": executable file not found in $PATH");
    return spec(suffix, kImage, behaviour);
  }
  engine::ContainerSpec with_volume(const std::string& suffix) override {
    return spec(suffix, kVolumeImage, {});
  }
  engine::ContainerSpec becoming_healthy(const std::string& suffix) override {
    fakes::Behaviour behaviour;
    behaviour.healthy_after = std::chrono::milliseconds(300);
    return spec(suffix, kHealthImage, behaviour);
  }
  std::vector<std::string> failing_command() override { return {"false"}; }

 private:
  static constexpr const char* kImage = "test/image:1";
  static constexpr const char* kVolumeImage = "test/volume:1";
  static constexpr const char* kHealthImage = "test/health:1";

  engine::ContainerSpec spec(const std::string& suffix, const char* image, fakes::Behaviour behaviour) {
    engine::ContainerSpec spec;
    spec.name = name(suffix);
    spec.image = image;
    spec.labels = {{"berth-suite", name("x")}, {"what", suffix}};
    engine_.behave(spec.name, std::move(behaviour));
    return spec;
  }

  asio::io_context io_;
  fakes::FakeClock clock_;
  fakes::FakeEngine engine_;
};

std::unique_ptr<Harness> make_fake() { return std::make_unique<FakeHarness>(); }
INSTANTIATE_TEST_SUITE_P(Fake, EngineSuite, testing::Values(&make_fake));

}  // namespace
}  // namespace berth::engine_suite
