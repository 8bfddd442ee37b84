#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/driver/wire.h"

namespace berth::overload {

struct Samples {
  std::vector<double> ms;
  int failed = 0;
  double worst_ms = 0;
  bench::Time worst_at{};
};

// Users who go on asking while the rest happens: one environment every 5 ms, a page of them every 20 ms, a ConfigMap that is created
// and deleted every 25 ms, and a watch that is told of it. What runs while berthd is away is not counted.
class Users {
 public:
  Users(std::string socket, std::string ns, int environments);
  ~Users() { stop(); }

  void begin();
  void away();  // berthd is about to go
  void back();
  void stop();
  // By kind of request.
  std::map<std::string, Samples> samples() const;
  void count(const std::string& kind, double ms, bool good);

 private:
  void enter(const std::string& kind, double ms, bool good);  // REQUIRES: mutex_ is held
  void get();
  void list();
  void write();
  void watch();
  // Asks, and counts it if berthd was there all the time. Whether the answer was good.
  bool ask(bench::Connection& connection, const std::string& kind, const std::string& method, const std::string& path, const std::string& body = "");
  void pause(int ms) const;

  std::string socket_;
  std::string ns_;
  int environments_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> life_ = 0;  // odd: berthd is away
  mutable std::mutex mutex_;
  std::map<std::string, Samples> samples_;
  std::map<std::string, bench::Time> written_;  // ConfigMaps that the watch has not told of yet
  std::vector<std::thread> threads_;
};

}  // namespace berth::overload
