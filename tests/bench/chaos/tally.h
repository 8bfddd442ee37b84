#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/chaos/schedule.h"

namespace berth::chaos {

// Faults, from when each is over until what it hit was seen as it is wished.
class Tally {
 public:
  void happened(const Step& step, std::set<int> hit, Time over);
  void missed(const Step& step) { ++kinds_[step.kind].missed; }  // there was nothing left to hit
  // Whatever lasted is over.
  void cease(Time at);
  // These slots were seen to be right at this time.
  void right(const std::set<int>& slots, Time at);
  std::vector<std::string> open() const;  // what has not healed
  int healed() const;
  int happened() const;
  std::string table() const;

 private:
  struct Fault {
    Step step;
    std::set<int> hit;
    Time over{};
  };
  struct Count {
    int happened = 0;
    int missed = 0;
    std::vector<double> healed;
  };
  static std::string row(const std::string& name, int happened, int missed, std::vector<double> times);

  std::vector<Fault> open_;
  std::map<Kind, Count> kinds_;
};

}  // namespace berth::chaos
