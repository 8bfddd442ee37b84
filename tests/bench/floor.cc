// The floor: the bare engine calls for N environments of one network and three containers (one port each, the third waits for
// the other two), with the readiness wait that berth uses, and nothing else. What berth adds is measured against this.
//
//   bench_floor --docker-host unix:///path --environments 10 --parallel 4 --image IMAGE --first-port 25000
// prints {"up":seconds,"down":seconds}.


#include <CLI/CLI.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/http_engine.h"
#include "metrics/registry.h"

namespace berth::bench {
namespace {

constexpr const char* kLabel = "berth.dev/bench-floor";
constexpr std::uint16_t kPort = 8080;

struct Options {
  std::string docker_host;
  int environments = 10;
  int parallel = 4;
  std::string image;
  std::uint16_t first_port = 25000;  // below what the machine gives to outgoing connections
};

template <class T>
T must(Result<T> result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "bench_floor: %s: %s\n", what, result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// At most `slots` callers at once.
class Gate {
 public:
  Gate(Executor executor, int slots) : slots_(slots), freed_(executor) {}
  Task<void> enter() {
    while (slots_ == 0) co_await freed_.wait();
    --slots_;
  }
  void leave() {
    ++slots_;
    freed_.notify_all();
  }

 private:
  int slots_;
  base::Signal freed_;
};

class Floor {
 public:
  Floor(Executor executor, base::Clock& clock, engine::Engine& engine, Options options)
      : options_(std::move(options)), clock_(clock), engine_(engine), gate_(executor, options_.parallel), tasks_(executor, "floor") {}

  Task<int> run() {
    const auto begin = clock_.steady_now();
    for (int i = 0; i < options_.environments; ++i) tasks_.spawn("up", up(i));
    co_await tasks_.join();
    const auto ready = clock_.steady_now();
    for (int i = 0; i < options_.environments; ++i) tasks_.spawn("down", down(i));
    co_await tasks_.join();
    const auto gone = clock_.steady_now();
    const std::chrono::duration<double> up_time = ready - begin;
    const std::chrono::duration<double> down_time = gone - ready;
    std::printf("{\"up\":%.3f,\"down\":%.3f}\n", up_time.count(), down_time.count());
    co_return 0;
  }

 private:
  struct Environment {
    std::string network;
    std::vector<std::string> containers;
  };

  base::Deadline deadline() const { return base::Deadline::after(clock_.steady_now(), std::chrono::seconds(120)); }

  Task<void> up(int i) {
    auto& environment = environments_[i];
    engine::NetworkSpec network;
    network.name = "floor-" + std::to_string(i);
    network.labels[kLabel] = "1";
    const int slice = i * 32;
    const std::string base = "10.212." + std::to_string(slice / 256) + ".";
    network.subnet = base + std::to_string(slice % 256) + "/27";
    network.gateway = base + std::to_string(slice % 256 + 1);
    co_await gate_.enter();
    auto made = co_await engine_.create_network(network, deadline());
    gate_.leave();
    environment.network = must(std::move(made), "create network");
    environment.containers.resize(3);
    TaskGroup group(tasks_.executor(), "environment");
    for (int k = 0; k < 2; ++k) group.spawn("service", service(i, k));
    co_await group.join();
    co_await service(i, 2);
  }

  Task<void> service(int i, int k) {
    engine::ContainerSpec spec;
    spec.name = "floor-" + std::to_string(i) + "-" + std::to_string(k);
    spec.image = options_.image;
    spec.cmd = {"httpd", "-f", "-p", std::to_string(kPort), "-h", "/"};
    spec.labels[kLabel] = "1";
    spec.network_id = environments_[i].network;
    spec.network_name = "floor-" + std::to_string(i);
    spec.aliases = {"service" + std::to_string(k)};
    engine::PortBinding port;
    port.container_port = kPort;
    port.host_ip = "127.0.0.1";
    port.host_port = static_cast<std::uint16_t>(options_.first_port + i * 3 + k);
    spec.ports = {port};
    co_await gate_.enter();
    auto made = co_await engine_.create_container(std::move(spec), deadline());
    const std::string id = must(std::move(made), "create container");
    environments_[i].containers[k] = id;
    auto started = co_await engine_.start_container(id);
    gate_.leave();
    must(std::move(started), "start container");
    auto seen = co_await engine_.inspect_container(id, deadline());
    const engine::Container container = must(std::move(seen), "inspect container");
    co_await ready(container.attachments.at(0).ip_address);
  }

  // A connect to the container's own address, 20 ms after the start, then with back-off to 1 s.
  Task<void> ready(std::string address) {
    asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), kPort);
    base::Duration pause = std::chrono::milliseconds(20);
    while (true) {
      co_await clock_.sleep_for(pause);
      asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
      boost::system::error_code ec;
      co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
      if (!ec) co_return;
      pause = std::min<base::Duration>(pause * 2, std::chrono::seconds(1));
    }
  }

  Task<void> remove(std::string id) {
    co_await gate_.enter();
    auto removed = co_await engine_.remove_container(id, deadline());
    gate_.leave();
    must(std::move(removed), "remove container");
  }

  Task<void> down(int i) {
    TaskGroup group(tasks_.executor(), "environment");
    for (const auto& id : environments_[i].containers) group.spawn("remove", remove(id));
    co_await group.join();
    co_await gate_.enter();
    auto removed = co_await engine_.remove_network(environments_[i].network, deadline());
    gate_.leave();
    must(std::move(removed), "remove network");
  }

  Options options_;
  base::Clock& clock_;
  engine::Engine& engine_;
  Gate gate_;
  std::map<int, Environment> environments_;
  TaskGroup tasks_;
};

int main_with(int argc, char** argv) {
  Options options;
  CLI::App app("bare engine calls for N environments");
  app.add_option("--docker-host", options.docker_host)->required();
  app.add_option("--environments", options.environments);
  app.add_option("--parallel", options.parallel);
  app.add_option("--image", options.image)->required();
  app.add_option("--first-port", options.first_port);
  CLI11_PARSE(app, argc, argv);
  base::log_setup(base::LogFormat::Text, base::LogLevel::Warn);
  asio::io_context io;
  base::SystemClock clock;
  metrics::Registry registry;
  metrics::EngineMetrics metrics(registry, "bench");
  const auto endpoint = engine::parse_docker_host(options.docker_host);
  if (!endpoint) {
    std::fprintf(stderr, "bench_floor: %s\n", endpoint.error().message.c_str());
    return 2;
  }
  auto engine = engine::make_http_engine(io.get_executor(), clock, *endpoint, metrics);
  Floor floor(io.get_executor(), clock, *engine, std::move(options));
  return base::run_main(io, floor.run());
}

}  // namespace
}  // namespace berth::bench

int main(int argc, char** argv) { return berth::bench::main_with(argc, argv); }
