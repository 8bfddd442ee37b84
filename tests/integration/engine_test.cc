#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "controller/engine/http_engine.h"
#include "metrics/registry.h"
#include "tests/engine_suite/engine_suite.h"
#include "tests/fakes/run_task.h"

namespace berth::engine_suite {
namespace {

constexpr const char* kHostVariable = "BERTH_TEST_DOCKER_HOST";
constexpr const char* kBusybox = "berth-test/busybox:1";
constexpr const char* kRedis = "berth-test/redis:7";
constexpr const char* kHealth = "berth-test/health:1";

class RealHarness final : public Harness {
 public:
  RealHarness()
      : metrics_(registry_, "local"),
        engine_(engine::make_http_engine(io_.get_executor(), clock_,
                                         engine::parse_docker_host(std::getenv(kHostVariable)).value(),
                                         metrics_)) {
    static int instances = 0;
    number_ = ++instances;
  }
  engine::Engine& engine() override { return *engine_; }
  base::Clock& clock() override { return clock_; }
  asio::io_context& io() override { return io_; }
  void run(Task<void> task) override { fakes::run_task(io_, std::move(task)); }
  void clean_up() override { fakes::run_task(io_, remove_all()); }

  std::shared_ptr<void> hold_port(std::uint16_t port) override {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1) != 0) {
      throw std::runtime_error("cannot listen on port " + std::to_string(port));
    }
    return {nullptr, [fd](void*) { ::close(fd); }};
  }
  std::string name(const std::string& suffix) override {
    return "suite-" + std::to_string(::getpid()) + "-" + std::to_string(number_) + "-" + suffix;
  }
  std::string subnet(int n) override { return "10.241.77." + std::to_string(16 * n) + "/28"; }
  std::uint16_t port(int n) override { return static_cast<std::uint16_t>(29100 + n); }

  engine::ContainerSpec sleeping(const std::string& suffix) override {
    return shell(suffix, "trap 'exit 143' TERM; echo up; while :; do sleep 1000 & wait; done");
  }
  engine::ContainerSpec exiting(const std::string& suffix, int code, base::Duration after) override {
    const auto seconds = std::chrono::duration<double>(after).count();
    return shell(suffix, "sleep " + std::to_string(seconds) + "; exit " + std::to_string(code));
  }
  engine::ContainerSpec printing(const std::string& suffix, const std::string& text) override {
    auto spec = shell(suffix, "printf %s \"$TEXT\"");
    spec.env = {"TEXT=" + text};
    return spec;
  }
  engine::ContainerSpec without_command(const std::string& suffix) override {
    auto spec = shell(suffix, "");
    spec.cmd = {"there-is-no-such-command"};
    return spec;
  }
  engine::ContainerSpec with_volume(const std::string& suffix) override {
    auto spec = shell(suffix, "");
    spec.image = kRedis;
    spec.cmd.clear();
    return spec;
  }
  engine::ContainerSpec becoming_healthy(const std::string& suffix) override {
    auto spec = shell(suffix, "");
    spec.image = kHealth;
    spec.cmd.clear();
    spec.env = {"HEALTHY_AFTER=0.5"};
    return spec;
  }
  std::vector<std::string> failing_command() override { return {"sh", "-c", "echo oops >&2; exit 7"}; }
  std::string metrics_text() { return registry_.text(); }

 private:
  engine::ContainerSpec shell(const std::string& suffix, const std::string& script) {
    engine::ContainerSpec spec;
    spec.name = name(suffix);
    spec.image = kBusybox;
    spec.cmd = {"sh", "-c", script};
    spec.labels = {{"berth-suite", name("x")}, {"what", suffix}};
    return spec;
  }

  Task<void> remove_all() {
    std::vector<std::string> mine{label()};
    auto containers = co_await engine_->list_containers(mine, soon());
    if (containers) {
      for (const auto& container : *containers) {
        auto removed = co_await engine_->remove_container(container.id, soon());
        EXPECT_TRUE(removed.has_value());
      }
    }
    auto networks = co_await engine_->list_networks(std::move(mine), soon());
    if (networks) {
      for (const auto& network : *networks) {
        auto removed = co_await engine_->remove_network(network.id, soon());
        EXPECT_TRUE(removed.has_value());
      }
    }
    co_await engine_->stop();
  }

  int number_ = 0;
  asio::io_context io_;
  base::SystemClock clock_;
  metrics::Registry registry_;
  metrics::EngineMetrics metrics_;
  std::unique_ptr<engine::Engine> engine_;
};

std::unique_ptr<Harness> make_real() { return std::make_unique<RealHarness>(); }

std::vector<std::function<std::unique_ptr<Harness>()>> engines() {
  if (!std::getenv(kHostVariable)) return {};
  return {&make_real};
}
INSTANTIATE_TEST_SUITE_P(Real, EngineSuite, testing::ValuesIn(engines()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineSuite);

struct HttpEngineTest : testing::Test {
  void SetUp() override {
    if (!std::getenv(kHostVariable)) GTEST_SKIP() << kHostVariable << " is not set";
    harness = std::make_unique<RealHarness>();
  }
  void TearDown() override {
    if (harness) harness->clean_up();
  }
  std::unique_ptr<RealHarness> harness;
};

Task<void> identity(RealHarness& h) {
  auto ping = co_await h.engine().ping(h.soon());
  CO_ASSERT_OK(ping);
  auto info = co_await h.engine().info(h.soon());
  CO_ASSERT_OK(info);
  EXPECT_FALSE(info->id.empty());
  EXPECT_FALSE(info->version.empty());
  EXPECT_TRUE(info->api_version.starts_with("1."));
  EXPECT_GT(info->cpus, 0);
  EXPECT_GT(info->memory_bytes, 0);
  EXPECT_NE(
      h.metrics_text().find("berth_engine_requests_total{code=\"200\",host=\"local\",operation=\"info\"} 1"),
      std::string::npos)
      << h.metrics_text();
}
TEST_F(HttpEngineTest, KnowsWhoTheEngineIsAndCountsItsRequests) { harness->run(identity(*harness)); }

Task<std::string> sh(RealHarness& h, std::string id, std::string script) {
  std::vector<std::string> command{"sh", "-c", std::move(script)};
  auto result = co_await h.engine().exec(std::move(id), std::move(command), h.soon());
  co_return detail::value_of(std::move(result)).output;
}

Task<void> copied_files(RealHarness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  std::vector<engine::FileToCopy> files;
  files.push_back({"/etc/some/where/config.yaml", "a: 1\n", 0440, 7, 8});
  files.push_back({"/tmp/x", std::string("nul\0inside", 10), 0755, 0, 0});
  files.push_back({"/etc/some/" + std::string(150, 'n') + "/" + std::string(150, 'm'), "long", 0644, 0, 0});
  auto copied = co_await h.engine().copy_files(id, std::move(files), h.soon());
  CO_ASSERT_OK(copied);
  auto started = co_await h.engine().start_container(id);
  CO_ASSERT_OK(started);
  auto text =
      co_await sh(h, id, "cat /etc/some/where/config.yaml; stat -c '%a %u %g' /etc/some/where/config.yaml");
  EXPECT_EQ(text, "a: 1\n440 7 8\n");
  text = co_await sh(
      h, id,
      "stat -c '%a %u %g' /etc/some /etc/some/where /tmp /tmp/x; wc -c </tmp/x; cat /etc/some/nnn*/m*");
  EXPECT_EQ(text, "755 0 0\n755 0 0\n1777 0 0\n755 0 0\n10\nlong");
  std::vector<engine::FileToCopy> more;
  more.push_back({"/etc/some/where/config.yaml", "a: 2\n", 0440, 0, 0});
  copied = co_await h.engine().copy_files(id, std::move(more), h.soon());
  CO_ASSERT_OK(copied);
  text = co_await sh(h, id, "cat /etc/some/where/config.yaml");
  EXPECT_EQ(text, "a: 2\n");
}
TEST_F(HttpEngineTest, CopiesFilesWithOwnerModeAndParents) { harness->run(copied_files(*harness)); }

Task<void> exec_limits(RealHarness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  std::vector<std::string> missing{"there-is-no-such-command"};
  auto result = co_await h.engine().exec(id, std::move(missing), h.soon());
  expect_reason(result, Reason::CommandNotFound);
  std::vector<std::string> endless{"sleep", "100"};
  const auto begin = h.clock().steady_now();
  const auto deadline = base::Deadline::after(begin, std::chrono::milliseconds(500));
  result = co_await h.engine().exec(id, std::move(endless), deadline);
  expect_reason(result, Reason::DeadlineExceeded);
  EXPECT_LT(h.clock().steady_now() - begin, std::chrono::seconds(5));
  auto text = co_await sh(h, id, "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done");
  EXPECT_EQ(text.size(), 4096u);
  EXPECT_TRUE(text.ends_with("line 2999\n"));
}
TEST_F(HttpEngineTest, ExecEndsAtItsDeadlineAndKeepsTheEndOfTheOutput) {
  harness->run(exec_limits(*harness));
}

Task<void> pulls(RealHarness& h) {
  const std::string own;
  std::string nowhere = "127.0.0.1:1/nothing";
  auto pulled = co_await h.engine().pull_image(std::move(nowhere), own, h.soon());
  expect_reason(pulled, Reason::ImagePullFailed);
  std::string bad = "Upper/CASE:1";
  pulled = co_await h.engine().pull_image(std::move(bad), own, h.soon());
  expect_reason(pulled, Reason::InvalidSpec);
  EXPECT_NE(h.metrics_text().find("berth_engine_pulls_total{host=\"local\",result=\"failure\"} 2"),
            std::string::npos);
}
TEST_F(HttpEngineTest, APullThatFailsSaysWhy) { harness->run(pulls(*harness)); }

Task<void> start_one(RealHarness& h, std::string id, int& done) {
  auto started = co_await h.engine().start_container(std::move(id));
  EXPECT_TRUE(started.has_value());
  ++done;
}

Task<void> many_at_once(RealHarness& h) {
  constexpr int kMany = 6;
  std::vector<std::string> ids;
  for (int i = 0; i < kMany; ++i) {
    auto id = co_await make_container(h, h.sleeping("a" + std::to_string(i)));
    ids.push_back(std::move(id));
  }
  TaskGroup group(h.io().get_executor(), "starts");
  int done = 0;
  for (const auto& id : ids) group.spawn("start", start_one(h, id, done));
  // The quick calls do not wait for the slow ones.
  std::vector<std::string> mine{h.label()};
  auto listed = co_await h.engine().list_containers(std::move(mine), h.soon());
  CO_ASSERT_OK(listed);
  EXPECT_LT(done, kMany);
  co_await group.join();
  EXPECT_EQ(done, kMany);
}
TEST_F(HttpEngineTest, StartsRunSideBySide) { harness->run(many_at_once(*harness)); }

Task<void> nobody_there(base::Clock& clock, engine::Engine& engine) {
  const auto deadline = base::Deadline::after(clock.steady_now(), std::chrono::seconds(5));
  auto ping = co_await engine.ping(deadline);
  expect_reason(ping, Reason::EngineUnavailable);
  std::string id = "x";
  auto started = co_await engine.start_container(std::move(id));
  expect_reason(started, Reason::EngineUnavailable);
  auto events = co_await engine.events(0);
  expect_reason(events, Reason::EngineUnavailable);
  co_await engine.stop();
}
TEST(HttpEngine, AnEngineThatIsNotThereIsUnavailable) {
  asio::io_context io;
  base::SystemClock clock;
  metrics::Registry registry;
  metrics::EngineMetrics metrics(registry, "local");
  const auto endpoint = engine::parse_docker_host("unix:///nonexistent/docker.sock").value();
  const auto engine = engine::make_http_engine(io.get_executor(), clock, endpoint, metrics);
  fakes::run_task(io, nobody_there(clock, *engine));
}

}  // namespace
}  // namespace berth::engine_suite
