#include "tests/bench/overload/run.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "tests/bench/overload/numbers.h"

namespace berth::overload {

namespace {

using bench::now;
using bench::seconds;

constexpr const char* kCrowd = "crowd";
constexpr const char* kAtOnce = ", many at once";
constexpr int kLaterOnes = 10;                          // in a hundred are declared
constexpr auto kLater = std::chrono::milliseconds(2200);  // after the others: creation times count seconds
constexpr double kClearlyLater = 1.5;
constexpr const char* kSimulatedImage = "busybox:1";
constexpr const char* kRealImage = "berth-test/busybox:1";

// About what an engine on two idle cores takes.
const std::map<std::string, double>& latencies() {
  static const std::map<std::string, double> table = {{"container_create", 0.020}, {"container_start", 0.150},  {"container_remove", 0.030},
                                                      {"network_create", 0.030},   {"network_remove", 0.020},   {"container_inspect", 0.002},
                                                      {"container_list", 0.010}};
  return table;
}

// What berthd never goes beyond (docs/decisions/0006-concurrency.md).
const std::map<std::string, int>& most_at_once() {
  static const std::map<std::string, int> table = {{"container_create", 16}, {"container_start", 16}, {"container_remove", 16},
                                                   {"network_create", 4},    {"network_remove", 4},   {"container_inspect", 40},
                                                   {"container_list", 20},   {"volume_list", 16}};
  return table;
}

}  // namespace

Run::Run(Options options, std::string folder)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      engine_(options_.simulator.empty() ? options_.engine : folder_ + "/engine.sock"),
      control_(folder_ + "/control.sock"),
      berthd_(options_.berthd, folder_, "unix://" + engine_),
      declared_(static_cast<std::size_t>(options_.environments)) {}

void Run::expect(bool well, const std::string& what) {
  if (well) return;
  well_ = false;
  std::printf("BEYOND THE LIMIT: %s\n", what.c_str());
}

bool Run::wait_until(const std::function<bool()>& condition, double limit) {
  const auto begin = now();
  while (!condition()) {
    if (!berthd_.alive()) throw std::runtime_error("berthd has ended");
    if (seconds(now() - begin) > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Run::begin_simulator() {
  simulator_.start({options_.simulator, "--listen", "unix://" + engine_, "--control", "unix://" + control_}, folder_ + "/engine.log");
  const auto until = now() + std::chrono::seconds(10);
  while (!bench::ask(control_, "GET", "/state").good()) {
    if (!simulator_.alive() || now() >= until) throw std::runtime_error("the simulator does not answer");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (const auto& [operation, time] : latencies()) {
    const json latency = {{"operation", operation}, {"seconds", time}};
    if (!bench::ask(control_, "POST", "/latency", latency.dump()).good()) throw std::runtime_error("the simulator knows no " + operation);
  }
}

std::string Run::manifest(const std::string& name) const {
  json services = json::array();
  for (int i = 0; i < options_.services; ++i) {
    json service = {{"name", "s" + std::to_string(i)}, {"image", options_.simulator.empty() ? kRealImage : kSimulatedImage}};
    service["command"] = {"sleep", "2147483647"};
    service["terminationGracePeriodSeconds"] = 0;
    service["ports"].push_back({{"name", "p"}, {"containerPort", 8080}});
    services.push_back(std::move(service));
  }
  json made = {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}};
  made["metadata"]["name"] = name;
  made["spec"]["services"] = std::move(services);
  return made.dump();
}

void Run::by_many(int first, int end, const std::function<void(bench::Connection&, int)>& work) {
  std::atomic<int> next = first;
  std::vector<std::thread> threads;
  for (int i = 0; i < options_.clients; ++i) {
    threads.emplace_back([&] {
      bench::Connection connection(berthd_.socket());
      for (int n = next++; n < end; n = next++) work(connection, n);
    });
  }
  for (auto& thread : threads) thread.join();
}

void Run::declare() {
  begun_ = now();
  const auto one = [this](bench::Connection& connection, int n) {
    const auto begin = now();
    const auto answer = connection.ask("POST", environments_of(kCrowd), manifest("e" + std::to_string(n)));
    users_->count(std::string("declare") + kAtOnce, seconds(now() - begin) * 1e3, answer.status == 201);
    declared_[static_cast<std::size_t>(n)] = begin;
    if (answer.status != 201) std::fprintf(stderr, "overload: declare: %d %s\n", answer.status, answer.text.substr(0, 400).c_str());
  };
  const int at_once = options_.environments - options_.environments * kLaterOnes / 100;
  by_many(0, at_once, one);
  std::printf("declared: %d environments of %d services in %.2f s, the rest %.1f s later\n", at_once, options_.services, seconds(now() - begun_),
              std::chrono::duration<double>(kLater).count());
  users_->begin();
  std::this_thread::sleep_for(kLater);
  by_many(at_once, options_.environments, one);
}

void Run::remember_berthd() {
  const auto& process = berthd_.process();
  peak_mib_ = std::max(peak_mib_, process.peak_mib());
  cpu_ += process.cpu_seconds();
  cpu_wait_ += process.cpu_wait_seconds();
  for (const auto& [operation, calls] : berthd_.engine_calls()) engine_calls_[operation] += calls;
}

void Run::restart() {
  const auto half = static_cast<std::size_t>(options_.environments) / 2;
  expect(wait_until([&] { return follower_->ready_count() >= half; }, options_.patience), "half of them are not Ready in time");
  const auto begin = now();
  users_->away();
  remember_berthd();
  expect(berthd_.stop(), "SIGTERM did not end berthd within 10 s");
  const auto gone = now();
  berthd_.start();
  users_->back();
  std::printf("restarted: with %zu Ready after %.1f s; %.2f s to end, %.2f s until it answered\n", follower_->ready_count(), seconds(begin - begun_),
              seconds(gone - begin), seconds(now() - gone));
}

// Somebody else declares one environment while a thousand are looked at again and hundreds are not up yet.
void Run::late_one() {
  const auto begin = now();
  const auto answer = bench::ask(berthd_.socket(), "POST", environments_of("latecomer"), manifest("late"));
  expect(answer.status == 201, "the late one was refused: " + answer.text.substr(0, 400));
  expect(wait_until([&] { return follower_->is_ready("latecomer/late"); }, options_.patience), "the late one is not Ready");
  const double own = seconds(now() - begin);
  const auto all = static_cast<std::size_t>(options_.environments) + 1;
  expect(wait_until([&] { return follower_->ready_count() >= all; }, options_.patience), "not all are Ready in time");
  all_ready_ = now();
  const double rest = seconds(all_ready_ - begin);
  std::printf("declared after the restart, in another namespace: Ready after %.2f s; the others %.2f s\n", own, rest);
  expect(own < std::max(2.0, rest / 2), "what was declared last did not overtake those that wait");
}

// On a machine that has no processor left for berthd a request takes as long as the others let it: then the limit is four times as high.
void Run::tell_requests() {
  const bool busy = cpu_wait_ > cpu_ / 4;
  const double limit = options_.request_ms * (busy ? 4 : 1);
  if (busy) std::printf("others use the processors: requests may take %.0f ms\n", limit);
  for (const auto& [kind, samples] : users_->samples()) {
    const double p99 = percentile(samples.ms, .99);
    std::printf("%-28s %6zu   p50 %6.2f   p99 %6.2f   max %6.2f ms (at %.1f s)\n", kind.c_str(), samples.ms.size(), percentile(samples.ms, .5), p99,
                samples.worst_ms, seconds(samples.worst_at - begun_));
    // Who sends many at once waits for his own.
    expect(p99 < (kind.ends_with(kAtOnce) ? 10 : 1) * limit, kind + ": the p99");
    expect(samples.failed == 0, kind + ": " + std::to_string(samples.failed) + " failed");
  }
}

void Run::tell_waits() {
  const auto ready = follower_->ready();
  struct Wait {
    bench::Time declared;
    bench::Time ready;
  };
  std::vector<Wait> all;
  std::vector<double> waits;
  std::vector<bench::Time> order;
  for (int n = 0; n < options_.environments; ++n) {
    const auto found = ready.find(std::string(kCrowd) + "/e" + std::to_string(n));
    if (found == ready.end()) continue;
    all.push_back({declared_[static_cast<std::size_t>(n)], found->second});
    waits.push_back(seconds(all.back().ready - all.back().declared));
    order.push_back(found->second);
  }
  std::ptrdiff_t overtaken = 0;
  for (const auto& one : all) {
    overtaken = std::max(overtaken, std::count_if(all.begin(), all.end(), [&](const Wait& other) {
      return seconds(other.declared - one.declared) > kClearlyLater && other.ready < one.ready;
    }));
  }
  std::sort(order.begin(), order.end());
  double standstill = 0;
  for (std::size_t i = 1; i < order.size(); ++i) standstill = std::max(standstill, seconds(order[i] - order[i - 1]));
  std::printf("all Ready after %.1f s; time to Ready: first %.2f, p50 %.1f, p99 %.1f, last %.1f s\n", seconds(all_ready_ - begun_), percentile(waits, 0),
              percentile(waits, .5), percentile(waits, .99), percentile(waits, 1));
  std::printf("nobody became Ready for at most %.2f s; overtaken by at most %td that were declared %.1f s later\n", standstill, overtaken, kClearlyLater);
  expect(overtaken <= options_.environments / 50 + 2, "an environment was overtaken by too many");
  expect(standstill < 15, "for a long time nobody became Ready");
}

void Run::tell_engine_calls() {
  double all = 0;
  std::printf("engine calls per environment:");
  for (const auto& [operation, calls] : engine_calls_) {
    all += calls;
    if (calls >= options_.environments * 0.05) std::printf(" %s %.2f", operation.c_str(), calls / options_.environments);
  }
  std::printf("; all %.1f\n", all / options_.environments);
}

void Run::tell_most_at_once() {
  if (options_.simulator.empty()) return;
  const auto operations = bench::ask(control_, "GET", "/calls", "", "", std::chrono::seconds(20)).body()["operations"];
  std::printf("most engine calls at once:");
  for (const auto& [operation, seen] : operations.items()) std::printf(" %s %d", operation.c_str(), seen["mostAtOnce"].get<int>());
  std::printf("\n");
  for (const auto& [operation, most] : most_at_once()) {
    expect(operations.contains(operation) && operations[operation]["mostAtOnce"].get<int>() <= most,
           operation + ": more than " + std::to_string(most) + " at once");
  }
}

std::size_t Run::left_on_engine() const {
  const auto filter = "filters=%7B%22label%22%3A%5B%22berth.dev%2Finstance%3D" + berthd_.instance() + "%22%5D%7D";
  const auto containers = bench::ask(engine_, "GET", "/containers/json?all=1&" + filter).body();
  const auto networks = bench::ask(engine_, "GET", "/networks?" + filter).body();
  if (!containers.is_array() || !networks.is_array()) throw std::runtime_error("the engine does not answer");
  return containers.size() + networks.size();
}

void Run::delete_all() {
  const auto begin = now();
  by_many(0, options_.environments, [this](bench::Connection& connection, int n) {
    const auto start = now();
    const auto answer = connection.ask("DELETE", environments_of(kCrowd) + "/e" + std::to_string(n));
    users_->count(std::string("delete") + kAtOnce, seconds(now() - start) * 1e3, answer.good());
  });
  bench::ask(berthd_.socket(), "DELETE", environments_of("latecomer") + "/late");
  expect(wait_until([this] { return follower_->there() == 0; }, options_.patience), "not all are gone in time");
  std::printf("all gone after %.1f s\n", seconds(now() - begin));
  expect(left_on_engine() == 0, "something is left on the engine");
  expect(berthd_.metric("berth_ports", "leased") == 0 && berthd_.metric("berth_subnets", "leased") == 0, "something is still leased");
}

bool Run::all() {
  if (!options_.simulator.empty()) begin_simulator();
  berthd_.start();
  follower_ = std::make_unique<Follower>(berthd_.socket());
  users_ = std::make_unique<Users>(berthd_.socket(), kCrowd, options_.environments);
  expect(wait_until([this] { return bench::ask(berthd_.socket(), "GET", "/readyz").good(); }, 20), "berthd is not ready");
  declare();
  restart();
  late_one();
  delete_all();
  users_->stop();
  remember_berthd();
  tell_waits();
  tell_requests();
  tell_engine_calls();
  tell_most_at_once();
  std::printf("berthd: peak of resident memory %.0f MiB; its loop computed for %.1f s and waited %.1f s for a processor\n", peak_mib_, cpu_, cpu_wait_);
  expect(peak_mib_ < options_.peak_mib, "berthd's memory");
  follower_.reset();
  expect(berthd_.stop(), "SIGTERM did not end berthd within 10 s");
  return well_;
}

}  // namespace berth::overload
