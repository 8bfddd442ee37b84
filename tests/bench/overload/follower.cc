#include "tests/bench/overload/follower.h"

#include "tests/bench/overload/berthd.h"

namespace berth::overload {

Follower::Follower(std::string socket) : socket_(std::move(socket)), thread_([this] { follow(); }) {}

Follower::~Follower() {
  stopping_ = true;
  thread_.join();
}

std::map<std::string, bench::Time> Follower::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}

bool Follower::is_ready(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return ready_.contains(key);
}

std::size_t Follower::ready_count() const {
  const std::lock_guard lock(mutex_);
  return ready_.size();
}

std::size_t Follower::there() const {
  const std::lock_guard lock(mutex_);
  return there_.size();
}

void Follower::note(const bench::json& object, bool deleted) {
  if (!object.is_object() || !object.contains("metadata")) return;
  const auto key = object["metadata"].value("namespace", "") + "/" + object["metadata"].value("name", "");
  const auto status = object.value("status", bench::json::object());
  const std::lock_guard lock(mutex_);
  if (deleted) {
    there_.erase(key);
    return;
  }
  there_.insert(key);
  if (status.value("phase", "") == "Ready") ready_.try_emplace(key, bench::now());
}

bool Follower::list(bench::Connection& connection, std::string& version) {
  const auto all = connection.ask("GET", kEnvironments).body();
  if (!all.is_object() || !all.contains("items")) return false;
  version = all["metadata"].value("resourceVersion", "");
  {
    const std::lock_guard lock(mutex_);
    there_.clear();
  }
  for (const auto& item : all["items"]) note(item, false);
  return true;
}

void Follower::follow() {
  bench::Connection connection(socket_, std::chrono::milliseconds(500));
  std::string version;
  while (!stopping_) {
    if (!connection.is_open()) {
      if (!list(connection, version) || !connection.watch(std::string(kEnvironments) + "?watch=1&resourceVersion=" + version)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
    }
    const auto line = connection.next_line();
    if (!line) continue;
    const bool deleted = line->find("\"type\":\"DELETED\"") != std::string::npos;
    const bool added = line->find("\"type\":\"ADDED\"") != std::string::npos;
    // Each status of each environment comes by: a few in ten are worth a look.
    if (!deleted && !added && line->find("\"phase\":\"Ready\"") == std::string::npos) continue;
    const auto event = bench::json::parse(*line, nullptr, false);
    if (event.is_object() && event.contains("object")) note(event["object"], deleted);
  }
}

}  // namespace berth::overload
