#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/chaos/wishes.h"

namespace berth::chaos {

enum class Kind {
  // What its users do.
  Create,
  Change,
  Delete,
  // What happens to containers and networks behind berth's back.
  ContainerKilled,
  ContainerStopped,
  ContainerRemoved,
  ContainerDisconnected,
  ContainerPaused,
  ContainerRenamed,
  NetworkRemoved,
  // What others do beside it.
  PortTaken,
  ForeignNetwork,
  ForeignJoined,
  // What dies.
  BerthdKilled,
  BerthdStopped,
  EngineRestarted,
  // What happens to the store, where it may.
  DiskFull,
  StoreRestored,  // berthd is killed, and an older copy put in its place
  // What an engine does in a bad hour: simulator only.
  EngineDown,
  CallFails,
  CallRefused,
  AnswerLost,
  CallHangs,
  CallsSlow,
  StartsFail,
  ContainersExit,
  RemovalStuck,
  EventsLost,
  EventsMuddled,  // some twice, all late, in any order
};
std::string_view name_of(Kind kind);
inline bool is_operation(Kind kind) { return kind <= Kind::Delete; }

struct Step {
  int number = 0;
  int pause_ms = 0;  // after the step before
  Kind kind{};
  int slot = -1;
  int service = 0;                // of the wish's services
  std::array<std::uint32_t, 3> draw{};  // what else it needs
  int lasts_ms = 0;
  std::string operation;  // of the engine's, that goes wrong
  std::string reason;     // why it is refused
  Wish wish;  // of the slot, after the step
  std::string str() const;
};

// What happens, drawn from a seed alone: how long anything took does not change what comes next, only how much of it.
class Schedule {
 public:
  enum class Engine { Simulated, Real };
  struct May {
    bool engine_restarts = false;
    bool store_faults = false;
  };
  Schedule(std::uint64_t seed, int environments, Engine engine, May may);
  // Faults for 20 to 30 s, as planned; then the world has to come to rest.
  std::vector<Step> next_round();

 private:
  int below(int end) { return static_cast<int>(random_() % static_cast<std::uint64_t>(end)); }
  Step draw(int round);
  Kind draw_kind();
  void change(Wish& wish);
  Wish fresh_wish();
  void hold_back(Step& step);
  void draw_operation(Step& step);
  int& kills_of(const Step& step) { return kills_[static_cast<std::size_t>(step.slot)][static_cast<std::size_t>(step.service)]; }

  std::mt19937_64 random_;
  Engine engine_;
  std::vector<Wish> wishes_;
  std::vector<std::array<int, 3>> kills_;  // of each slot's services since it was made: berth holds back what dies too often
  std::vector<std::pair<Kind, int>> weights_;
  int steps_ = 0;
  int rounds_ = 0;
  int version_ = 0;
  int at_ms_ = 0;       // of the faults so far
  int big_at_ms_ = 0;   // the last that hit all
  int steps_of_round_ = 0;
  bool restarted_ = false;
};

}  // namespace berth::chaos
