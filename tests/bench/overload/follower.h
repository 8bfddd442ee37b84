#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "tests/bench/driver/wire.h"

namespace berth::overload {

// Watches all environments, through restarts of berthd, and notes when each was first seen to be Ready, and which are gone.
class Follower {
 public:
  explicit Follower(std::string socket);
  ~Follower();

  std::map<std::string, bench::Time> ready() const;  // by namespace/name
  bool is_ready(const std::string& key) const;
  std::size_t ready_count() const;
  // What is there, as far as it was told.
  std::size_t there() const;

 private:
  void follow();
  bool list(bench::Connection& connection, std::string& version);
  void note(const bench::json& object, bool deleted);

  std::string socket_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, bench::Time> ready_;
  std::set<std::string> there_;
  std::thread thread_;
};

}  // namespace berth::overload
