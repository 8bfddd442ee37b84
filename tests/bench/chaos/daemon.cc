#include "tests/bench/chaos/daemon.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace berth::chaos {

namespace {

constexpr const char* kCollection = "/apis/berth.dev/v1alpha1/namespaces/chaos/testenvironments";
constexpr double kTermLimit = 10;

}  // namespace

Daemon::Daemon(std::string program, std::string folder, std::string docker_host, std::string image)
    : program_(std::move(program)), folder_(std::move(folder)), docker_host_(std::move(docker_host)), image_(std::move(image)),
      instance_("chaos-" + std::to_string(::getpid())) {
  std::filesystem::create_directories(folder_ + "/manifests");
  std::filesystem::create_directories(folder_ + "/staging");
}

// --prune-empty: a directory that is found empty at a start deletes nothing otherwise.
void Daemon::start() {
  child_.start({program_, "--data-dir", folder_ + "/data", "--manifests", folder_ + "/manifests", "--listen", "unix://" + folder_ + "/berthd.sock",
                "--docker-host", docker_host_, "--port-range", std::to_string(kFirstPort) + "-" + std::to_string(kLastPort), "--subnet-pool",
                kSubnetPool, "--instance", instance_, "--prune-delay", "50ms", "--prune-empty", "--log-level", "debug"},
               folder_ + "/berthd.log");
  wanted_ = true;
}

void Daemon::kill() {
  wanted_ = false;
  child_.end();
}

bool Daemon::stop() {
  wanted_ = false;
  child_.send(SIGTERM);
  const bool ended = child_.wait(kTermLimit);
  child_.end();
  return ended;
}

void Daemon::freeze() { child_.send(SIGSTOP); }
void Daemon::thaw() { child_.send(SIGCONT); }

Answer Daemon::api(const std::string& method, const std::string& path, const std::string& body, const std::string& type) const {
  return ask(folder_ + "/berthd.sock", method, path, body, type, std::chrono::seconds(3));
}

std::optional<std::map<std::string, json>> Daemon::environments() const {
  const auto list = api("GET", kCollection).body();
  if (!list.is_object() || !list["items"].is_array()) return std::nullopt;
  std::map<std::string, json> all;
  for (const auto& item : list["items"]) all[item["metadata"]["name"].get<std::string>()] = item;
  return all;
}

std::optional<std::pair<int, int>> Daemon::leased() const {
  const auto answer = api("GET", "/metrics");
  if (!answer.good()) return std::nullopt;
  std::pair<double, double> sums{0, 0};
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("state=\"leased\"") == std::string::npos) continue;
    const double value = std::atof(line.c_str() + line.rfind(' '));
    if (line.starts_with("berth_ports{")) sums.first += value;
    if (line.starts_with("berth_subnets{")) sums.second += value;
  }
  return std::pair{static_cast<int>(sums.first), static_cast<int>(sums.second)};
}

std::string Daemon::path_of(int slot) const { return std::string(kCollection) + "/" + chaos::name_of(slot); }

void Daemon::write_file(int slot, const Wish& wish) {
  const auto staged = folder_ + "/staging/" + chaos::name_of(slot) + ".yaml";
  std::ofstream(staged) << manifest_of(slot, wish, image_).dump(1) << "\n";
  std::filesystem::rename(staged, folder_ + "/manifests/" + chaos::name_of(slot) + ".yaml");
}

// What has this name may still be on its way out: then it is asked again. Or it is ours, and the answer was lost.
bool Daemon::post(int slot, const Wish& wish) {
  const auto answer = api("POST", kCollection, manifest_of(slot, wish, image_).dump());
  if (answer.status != 409) return answer.good();
  const auto there = api("GET", path_of(slot)).body();
  return version_of(there) == wish.version && !there["metadata"].contains("deletionTimestamp");
}

bool Daemon::patch(int slot, const Wish& wish) {
  const auto manifest = manifest_of(slot, wish, image_);
  json change = {{"spec", manifest["spec"]}};
  change["metadata"]["annotations"] = manifest["metadata"]["annotations"];
  return api("PATCH", path_of(slot), change.dump(), "application/merge-patch+json").good();
}

bool Daemon::remove(int slot) {
  const auto answer = api("DELETE", path_of(slot));
  return answer.good() || answer.status == 404;
}

void Daemon::tell(const Step& step, const Wish& before) {
  auto& queue = untold_[step.slot];
  const int slot = step.slot;
  const Wish wish = step.wish;
  const auto file = folder_ + "/manifests/" + chaos::name_of(slot) + ".yaml";
  if (step.kind == Kind::Delete && before.by_file) {
    queue.emplace_back([file] { return std::filesystem::remove(file); });
  } else if (step.kind == Kind::Delete) {
    queue.emplace_back([this, slot] { return remove(slot); });
  } else if (wish.by_file) {
    queue.emplace_back([this, slot, wish] { write_file(slot, wish); return true; });
  } else if (step.kind == Kind::Create) {
    queue.emplace_back([this, slot, wish] { return post(slot, wish); });
  } else {
    queue.emplace_back([this, slot, wish] { return patch(slot, wish); });
  }
  deliver();
}

void Daemon::hold() { held_ = true; }

bool Daemon::back_up(const std::string& file) const {
  const auto answer = api("GET", "/berth/v1/backup");
  if (!answer.good()) return false;
  std::ofstream out(file, std::ios::binary);
  out << answer.text;
  return static_cast<bool>(out.flush());
}

bool Daemon::restore(const std::string& file) {
  bench::Child berthctl;
  const auto program = std::filesystem::path(program_).parent_path() / "berthctl";
  berthctl.start({program, "restore", file, "--data-dir", folder_ + "/data", "--force"}, folder_ + "/restore.log");
  reap_ = true;
  return berthctl.wait(10) && berthctl.status() == 0;
}

void Daemon::deliver() {
  if (reap_ && wanted_ && api("POST", "/berth/v1/reap", R"({"confirm": true})").good()) reap_ = held_ = false;
  if (held_) return;
  for (auto& [slot, queue] : untold_) {
    while (!queue.empty() && queue.front()()) queue.pop_front();
  }
}

bool Daemon::told(int slot) const {
  if (held_) return false;
  const auto found = untold_.find(slot);
  return found == untold_.end() || found->second.empty();
}

}  // namespace berth::chaos
