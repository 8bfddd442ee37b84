#include <map>

#include "tests/engine_suite/engine_suite.h"
#include "tests/engine_suite/fake_engine_harness.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::engine_suite {
namespace {

class FakeHarness final : public FakeEngineHarness {
 public:
  FakeHarness() : FakeEngineHarness(engine_, std::chrono::milliseconds(300)), engine_(io_.get_executor(), clock_) { add_images(); }
  engine::Engine& engine() override { return engine_; }
  base::Clock& clock() override { return clock_; }
  asio::io_context& io() override { return io_; }
  void run(Task<void> task) override { fakes::run_task(io_, clock_, std::move(task)); }
  void clean_up() override { fakes::run_task(io_, engine_.stop()); }

 private:
  asio::io_context io_;
  fakes::FakeClock clock_;
  fakes::FakeEngine engine_;
};

std::unique_ptr<Harness> make_fake() { return std::make_unique<FakeHarness>(); }
INSTANTIATE_TEST_SUITE_P(Fake, EngineSuite, testing::Values(&make_fake));

}  // namespace
}  // namespace berth::engine_suite
