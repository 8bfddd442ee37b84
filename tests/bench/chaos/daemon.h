#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/driver/child.h"
#include "tests/bench/chaos/place.h"

namespace berth::chaos {

inline constexpr int kFirstPort = 28000;
inline constexpr int kLastPort = 28399;
inline constexpr const char* kSubnetPool = "10.218.0.0/20";

// A berthd of its own, and what users tell it.
class Daemon {
 public:
  Daemon(std::string program, std::string folder, std::string docker_host, std::string image);

  void start();
  bool alive() { return child_.alive(); }
  int status() const { return child_.status(); }
  bool wanted() const { return wanted_; }  // it should be alive
  void kill();
  bool stop();  // false: SIGTERM did not end it within 10 s
  void freeze();
  void thaw();
  Answer api(const std::string& method, const std::string& path, const std::string& body = "", const std::string& type = "application/json") const;
  // Of all environments of this run, by name; nullopt: no answer.
  std::optional<std::map<std::string, json>> environments() const;
  // The sums of the gauges of leased ports and subnets.
  std::optional<std::pair<int, int>> leased() const;

  // Told in order, for each slot; what cannot be told now is told later.
  void tell(const Step& step, const Wish& before);
  void deliver();
  // Tells nothing until a restored store is there, and somebody has said that what it does not know may go.
  void hold();
  bool back_up(const std::string& file) const;
  bool restore(const std::string& file);  // berthd does not run; with berthctl, which lies beside it
  bool told(int slot) const;
  const std::string& instance() const { return instance_; }

 private:
  using Telling = std::function<bool()>;  // whether it was told
  void write_file(int slot, const Wish& wish);
  bool post(int slot, const Wish& wish);
  bool patch(int slot, const Wish& wish);
  bool remove(int slot);
  std::string path_of(int slot) const;

  std::string program_;
  std::string folder_;
  std::string docker_host_;
  std::string image_;
  std::string instance_;
  bench::Child child_;
  bool wanted_ = false;
  bool held_ = false;
  bool reap_ = false;  // must still be confirmed
  std::map<int, std::deque<Telling>> untold_;
};

}  // namespace berth::chaos
