#pragma once

#include "tests/engine_suite/harness.h"
#include "tests/fakes/fake_engine.h"

namespace berth::engine_suite {

// What the suite needs of a FakeEngine, however it is reached.
class FakeEngineHarness : public Harness {
 public:
  // `healthy_after`: of becoming_healthy().
  FakeEngineHarness(fakes::FakeEngine& engine, base::Duration healthy_after) : engine_(engine), healthy_after_(healthy_after) {}

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
    behaviour.healthy_after = healthy_after_;
    return spec(suffix, kHealthImage, behaviour);
  }
  std::vector<std::string> failing_command() override { return {"false"}; }

 protected:
  void add_images() {
    engine_.every_image_exists = false;
    engine_.add_image(kImage, {});
    engine_.add_image(kVolumeImage, engine::Image{"", {}, false, {"/data"}});
    engine_.add_image(kHealthImage, engine::Image{"", {}, true, {}});
  }

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

  fakes::FakeEngine& engine_;
  const base::Duration healthy_after_;
};

}  // namespace berth::engine_suite
