#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/driver/child.h"
#include "tests/bench/overload/berthd.h"
#include "tests/bench/overload/follower.h"
#include "tests/bench/overload/users.h"

namespace berth::overload {

struct Options {
  std::string berthd;
  std::string simulator;  // else `engine`
  std::string engine;     // path of its socket
  int environments = 1000;
  int services = 2;
  int clients = 32;       // that declare at once
  double patience = 240;  // until all are Ready, s
  // The limits.
  double request_ms = 50;  // p99 of each kind of request
  double peak_mib = 160;
};

// One overload. What is beyond a limit is told, and makes all() false.
class Run {
 public:
  Run(Options options, std::string folder);
  bool all();

 private:
  void begin_simulator();
  void declare();
  void restart();
  void late_one();
  void delete_all();
  void tell_requests();
  void tell_waits();
  void tell_engine_calls();
  void tell_most_at_once();
  void expect(bool well, const std::string& what);
  // Calls `work` with every number from `first` on below `end`, on many connections at once.
  void by_many(int first, int end, const std::function<void(bench::Connection&, int)>& work);
  bool wait_until(const std::function<bool()>& condition, double limit);
  std::string manifest(const std::string& name) const;
  std::size_t left_on_engine() const;
  void remember_berthd();

  Options options_;
  std::string folder_;
  std::string engine_;
  std::string control_;
  bench::Child simulator_;
  Berthd berthd_;
  std::unique_ptr<Follower> follower_;
  std::unique_ptr<Users> users_;
  std::vector<bench::Time> declared_;
  bench::Time begun_{};
  bench::Time all_ready_{};
  double peak_mib_ = 0;
  double cpu_ = 0;
  double cpu_wait_ = 0;
  std::map<std::string, double> engine_calls_;
  bool well_ = true;
};

}  // namespace berth::overload
