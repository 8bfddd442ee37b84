#include "tests/bench/overload/users.h"

#include "tests/bench/overload/berthd.h"

namespace berth::overload {

namespace {

constexpr const char* kConfigMaps = "/api/v1/namespaces/users/configmaps";

std::string name_in(const std::string& line) {
  const auto object = bench::json::parse(line, nullptr, false);
  if (!object.is_object() || object.value("type", "") != "ADDED") return "";
  return object["object"]["metadata"].value("name", "");
}

}  // namespace

Users::Users(std::string socket, std::string ns, int environments) : socket_(std::move(socket)), ns_(std::move(ns)), environments_(environments) {}

void Users::begin() {
  for (const auto work : {&Users::get, &Users::list, &Users::write, &Users::watch}) threads_.emplace_back([this, work] { (this->*work)(); });
}

void Users::away() {
  ++life_;
  const std::lock_guard lock(mutex_);
  written_.clear();
}

void Users::back() { ++life_; }

void Users::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::map<std::string, Samples> Users::samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

void Users::count(const std::string& kind, double ms, bool good) {
  const std::lock_guard lock(mutex_);
  enter(kind, ms, good);
}

void Users::enter(const std::string& kind, double ms, bool good) {
  auto& samples = samples_[kind];
  samples.ms.push_back(ms);
  samples.failed += !good;
  if (ms < samples.worst_ms) return;
  samples.worst_ms = ms;
  samples.worst_at = bench::now();
}

void Users::pause(int ms) const {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  while (life_ % 2 == 1 && !stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool Users::ask(bench::Connection& connection, const std::string& kind, const std::string& method, const std::string& path, const std::string& body) {
  const int life = life_;
  const auto begin = bench::now();
  const auto answer = connection.ask(method, path, body);
  const double ms = bench::seconds(bench::now() - begin) * 1e3;
  if (life != life_ || life % 2 == 1) return false;
  // A connection to the berthd that was there before fails once, at once.
  if (answer.status == 0 && ms < 5) return false;
  const bool good = answer.good() || (method == "GET" && answer.status == 404);  // it is deleted by now
  count(kind, ms, good);
  return good;
}

void Users::get() {
  bench::Connection connection(socket_);
  for (int i = 0; !stopping_; i = (i + 7) % environments_) {
    ask(connection, "GET one", "GET", environments_of(ns_) + "/e" + std::to_string(i));
    pause(5);
  }
}

void Users::list() {
  bench::Connection connection(socket_);
  while (!stopping_) {
    ask(connection, "LIST a page of 50", "GET", environments_of(ns_) + "?limit=50");
    pause(20);
  }
}

void Users::write() {
  bench::Connection connection(socket_);
  for (int i = 0; !stopping_; ++i) {
    const auto name = "c" + std::to_string(i);
    bench::json body = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"data", {{"a", "b"}}}};
    body["metadata"]["name"] = name;
    {
      const std::lock_guard lock(mutex_);
      written_[name] = bench::now();
    }
    const bool created = ask(connection, "create a ConfigMap", "POST", kConfigMaps, body.dump());
    if (created) ask(connection, "delete it", "DELETE", std::string(kConfigMaps) + "/" + name);
    pause(25);
  }
}

void Users::watch() {
  bench::Connection connection(socket_, std::chrono::milliseconds(200));
  while (!stopping_) {
    if (!connection.is_open()) {
      const auto listed = connection.ask("GET", kConfigMaps).body();
      const auto version = listed.is_object() ? listed["metadata"].value("resourceVersion", "") : "";
      if (version.empty() || !connection.watch(std::string(kConfigMaps) + "?watch=1&resourceVersion=" + version)) {
        pause(5);
        continue;
      }
      const std::lock_guard lock(mutex_);  // what was created before is not told of
      written_.clear();
    }
    const auto line = connection.next_line();
    if (!line) continue;
    const auto at = bench::now();
    const auto name = name_in(*line);
    const std::lock_guard lock(mutex_);
    const auto found = written_.find(name);
    if (found == written_.end()) continue;
    enter("create to its watch event", bench::seconds(at - found->second) * 1e3, true);
    written_.erase(found);
  }
}

}  // namespace berth::overload
