#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "tests/bench/chaos/daemon.h"
#include "tests/bench/chaos/judge.h"
#include "tests/bench/chaos/store_disk.h"
#include "tests/bench/chaos/tally.h"

namespace berth::chaos {

struct Options {
  std::string berthd;
  std::string simulator;
  std::string engine;
  std::string dockerd_script;
  std::string dockerd_dir;
  bool store_faults = false;
  double minutes = 3;
  std::uint64_t seed = 0;
  int environments = 20;
};

// One run: rounds of faults, each with a quiet point behind it, where all must be as it is wished.
class Run {
 public:
  Run(Options options, std::string folder);
  // False when anything was not as it must be.
  bool all();

 private:
  using Doing = std::function<void()>;

  void begin();
  void round();
  void quiet();
  void end();
  void report() const;
  void restart_if_it_miscounts();
  std::string difference();  // between what is wished and what is; "" when there is none
  void watch_until(Time until);
  void look();
  void notice(const View& view);
  void remark(const std::string& what);  // to the log of what happened
  void fault(int& counter, const std::string& what);
  void later(Time at, Doing doing);
  void do_what_is_due(Time at);

  // run_faults.cc
  void act(const Step& step);
  std::optional<std::set<int>> hit(const Step& step);  // the slots; nullopt: missed
  bool hit_container(const Step& step);
  bool hit_network(const Step& step);
  bool take_port(const Step& step);
  bool make_foreigner(const Step& step);
  void end_berthd(const Step& step);
  void start_berthd();
  bool fill_disk(const Step& step);
  bool restore_store(const Step& step);
  bool make_trouble(const Step& step);
  const SeenContainer* container_of(const Step& step) const;
  const SeenNetwork* network_of(int slot) const;
  Time over(const Step& step) const;

  Options options_;
  std::string folder_;
  std::unique_ptr<Place> place_;
  std::unique_ptr<StoreDisk> disk_;  // where store faults may be
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Foreigners> foreigners_;
  std::unique_ptr<Collisions> collisions_;
  Schedule schedule_;
  Tally tally_;
  std::vector<Wish> wishes_;
  std::optional<View> view_;
  std::vector<std::pair<Time, Doing>> later_;
  std::deque<std::string> remarks_;
  Time began_ = now();
  int rounds_ = 0;
  int foreign_made_ = 0;
  int collided_ = 0;
  int touched_ = 0;
  int leaked_ = 0;
  int miscounted_ = 0;  // networks of which the engine itself lost count
  int failed_ = 0;  // whatever else must not be
};

}  // namespace berth::chaos
