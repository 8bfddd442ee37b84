#include "tests/bench/chaos/schedule.h"

#include <algorithm>
#include <tuple>

namespace berth::chaos {

namespace {

constexpr int kMostKills = 2;  // of one service: the third restart waits 20 s, the next ones longer

bool kills(Kind kind) { return kind == Kind::ContainerKilled || kind == Kind::ContainerStopped || kind == Kind::PortTaken; }
bool needs_environment(Kind kind) {
  switch (kind) {
    case Kind::PortTaken:
    case Kind::ForeignJoined:
    case Kind::CallFails:
    case Kind::CallRefused:
    case Kind::AnswerLost:
    case Kind::CallHangs:
    case Kind::StartsFail:
    case Kind::ContainersExit:
    case Kind::RemovalStuck: return true;
    default: return kind >= Kind::Change && kind <= Kind::NetworkRemoved;
  }
}

// What may fail, what may be done without an answer, what has a deadline, and what may be refused.
const std::vector<const char*> kFallible = {"container_create", "container_start",  "container_remove", "container_inspect", "network_create",
                                            "network_remove",   "network_connect",  "container_update", "container_list",    "network_list"};
const std::vector<const char*> kEffects = {"container_create", "container_start", "container_remove", "network_create",
                                           "network_remove",   "network_connect", "container_update"};
const std::vector<const char*> kHanging = {"container_create", "container_remove", "container_inspect",
                                           "network_create",   "network_remove",   "network_connect"};
const std::vector<std::pair<const char*, const char*>> kRefusals = {{"container_create", "NameConflict"},      {"container_start", "PortConflict"},
                                                                    {"network_create", "SubnetConflict"},      {"network_remove", "NetworkInUse"},
                                                                    {"container_remove", "RemovalInProgress"}, {"container_start", "NetworkMissing"}};

// What stops everything for a while.
bool is_big(Kind kind) {
  return kind == Kind::BerthdKilled || kind == Kind::BerthdStopped || kind == Kind::EngineRestarted || kind == Kind::EngineDown ||
         kind == Kind::StoreRestored;
}
constexpr int kBigApart = 4000;

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Create: return "create";
    case Kind::Change: return "change";
    case Kind::Delete: return "delete";
    case Kind::ContainerKilled: return "container killed";
    case Kind::ContainerStopped: return "container stopped";
    case Kind::ContainerRemoved: return "container removed";
    case Kind::ContainerDisconnected: return "container disconnected";
    case Kind::ContainerPaused: return "container paused";
    case Kind::ContainerRenamed: return "container renamed";
    case Kind::NetworkRemoved: return "network removed";
    case Kind::PortTaken: return "port taken";
    case Kind::ForeignNetwork: return "foreign network in the pool";
    case Kind::ForeignJoined: return "foreign container joined";
    case Kind::BerthdKilled: return "berthd killed";
    case Kind::BerthdStopped: return "berthd stopped";
    case Kind::EngineRestarted: return "engine restarted";
    case Kind::DiskFull: return "disk full";
    case Kind::StoreRestored: return "older store restored";
    case Kind::EngineDown: return "engine down";
    case Kind::CallFails: return "call fails";
    case Kind::CallRefused: return "call refused";
    case Kind::AnswerLost: return "answer lost";
    case Kind::CallHangs: return "call hangs";
    case Kind::CallsSlow: return "calls slow";
    case Kind::StartsFail: return "starts fail";
    case Kind::ContainersExit: return "containers exit";
    case Kind::RemovalStuck: return "removal stuck";
    case Kind::EventsLost: return "events lost";
    case Kind::EventsMuddled: return "events muddled";
  }
  return "?";
}

std::string Step::str() const {
  std::string text = "#" + std::to_string(number) + " " + std::string(name_of(kind));
  if (slot >= 0) text += " " + chaos::name_of(slot);
  if (slot >= 0 && wish.there && !is_operation(kind)) text += "/" + wish.services[static_cast<std::size_t>(service)].name;
  if (is_operation(kind)) text += (wish.by_file ? " by file" : " by api") + std::string(" version ") + std::to_string(wish.version);
  if (!operation.empty()) text += " " + operation + (reason.empty() ? "" : " " + reason);
  if (lasts_ms > 0) text += " for " + std::to_string(lasts_ms) + " ms";
  return text;
}

Schedule::Schedule(std::uint64_t seed, int environments, Engine engine, May may)
    : random_(seed), engine_(engine), wishes_(static_cast<std::size_t>(environments)), kills_(static_cast<std::size_t>(environments)) {
  weights_ = {{Kind::Create, 14},          {Kind::Change, 14},           {Kind::Delete, 10},         {Kind::ContainerKilled, 8},
              {Kind::ContainerStopped, 3}, {Kind::ContainerRemoved, 8},  {Kind::NetworkRemoved, 5},  {Kind::ContainerDisconnected, 6},
              {Kind::PortTaken, 4},        {Kind::ForeignNetwork, 3},    {Kind::ForeignJoined, 3},   {Kind::BerthdKilled, 3},
              {Kind::BerthdStopped, 2},    {Kind::ContainerPaused, 4},   {Kind::ContainerRenamed, 4}};
  if (may.store_faults) weights_.insert(weights_.end(), {{Kind::DiskFull, 3}, {Kind::StoreRestored, 2}});
  if (may.engine_restarts) weights_.emplace_back(Kind::EngineRestarted, 1);
  if (engine == Engine::Simulated) {
    weights_.insert(weights_.end(), {{Kind::EngineDown, 2}, {Kind::CallFails, 8}, {Kind::CallRefused, 6}, {Kind::AnswerLost, 8},
                                     {Kind::CallsSlow, 3}, {Kind::StartsFail, 2}, {Kind::ContainersExit, 1}, {Kind::RemovalStuck, 2},
                                     {Kind::EventsMuddled, 3}});
  }
}

Kind Schedule::draw_kind() {
  int total = 0;
  for (const auto& [kind, weight] : weights_) total += weight;
  int at = below(total);
  for (const auto& [kind, weight] : weights_) {
    if (at < weight) return kind;
    at -= weight;
  }
  return Kind::Create;
}

std::vector<Step> Schedule::next_round() {
  std::vector<Step> steps;
  const int length = 20'000 + below(10'000);
  steps_of_round_ = 0;
  restarted_ = false;
  for (int at = 0; at < length;) {
    steps.push_back(draw(rounds_));
    at += steps.back().pause_ms;
  }
  ++rounds_;
  return steps;
}

Step Schedule::draw(int round) {
  Step step;
  step.number = ++steps_;
  // The first environments come at once, and real containers take their time.
  step.pause_ms = round == 0 && steps_ <= static_cast<int>(wishes_.size()) ? 20 : (engine_ == Engine::Real ? 200 : 50) + below(400);
  at_ms_ += step.pause_ms;
  step.kind = steps_ <= static_cast<int>(wishes_.size()) ? Kind::Create : draw_kind();
  step.slot = below(static_cast<int>(wishes_.size()));
  for (auto& number : step.draw) number = static_cast<std::uint32_t>(random_());
  step.lasts_ms = 300 + below(4000);
  // What berth sees only by its resync, or by a deadline of a minute: once in every fourth round.
  ++steps_of_round_;
  if (engine_ == Engine::Simulated && rounds_ % 4 == 1 && steps_of_round_ == 10) step.kind = Kind::EventsLost;
  if (engine_ == Engine::Simulated && rounds_ % 4 == 1 && steps_of_round_ == 20) step.kind = Kind::CallHangs;
  hold_back(step);
  auto& wish = wishes_[static_cast<std::size_t>(step.slot)];
  if (needs_environment(step.kind) && !wish.there) step.kind = Kind::Create;
  if (step.kind == Kind::Create && wish.there) step.kind = Kind::Change;
  if (step.kind == Kind::Create) {
    wish = fresh_wish();
    kills_[static_cast<std::size_t>(step.slot)] = {};
  } else if (step.kind == Kind::Change) {
    change(wish);
  } else if (step.kind == Kind::Delete) {
    wish.there = false;
    wish.version = ++version_;
  }
  if (wish.there) step.service = static_cast<int>(step.draw[0] % wish.services.size());
  draw_operation(step);
  if (kills(step.kind)) {
    if (kills_of(step) >= kMostKills) step.kind = Kind::ContainerRemoved;
    else ++kills_of(step);
  }
  if (step.kind == Kind::EngineRestarted) {
    for (auto& each : kills_) for (int& count : each) ++count;
  }
  step.wish = wish;
  const bool whole = (!needs_environment(step.kind) && step.kind != Kind::Create) || step.operation.ends_with("_list");
  if (whole) step.slot = -1;
  return step;
}

// A start that goes wrong needs a container that ends first.
void Schedule::draw_operation(Step& step) {
  const auto one_of = [&](const auto& all) { return all[step.draw[1] % all.size()]; };
  switch (step.kind) {
    case Kind::CallFails:
    case Kind::CallsSlow: step.operation = one_of(kFallible); break;
    case Kind::AnswerLost: step.operation = one_of(kEffects); break;
    case Kind::CallHangs: step.operation = one_of(kHanging); break;
    case Kind::RemovalStuck:
      step.operation = "container_remove";
      step.reason = "RemovalInProgress";
      break;
    case Kind::CallRefused: std::tie(step.operation, step.reason) = one_of(kRefusals); break;
    default: return;
  }
  if (step.operation != "container_start" || step.kind == Kind::CallsSlow) return;
  if (kills_of(step)++ < kMostKills) return;
  step.kind = Kind::AnswerLost;
  step.operation = "container_create";
}

// What would make each round wait for minutes comes rarely, and between what stops everything there is time to heal.
void Schedule::hold_back(Step& step) {
  if (step.kind == Kind::EngineRestarted && (rounds_ % 2 != 1 || restarted_)) step.kind = Kind::BerthdKilled;
  if (is_big(step.kind) && at_ms_ - big_at_ms_ < kBigApart) step.kind = Kind::ContainerKilled;
  if (is_big(step.kind)) big_at_ms_ = at_ms_;
  if (step.kind == Kind::EngineRestarted) restarted_ = true;
}

Wish Schedule::fresh_wish() {
  Wish wish;
  wish.there = true;
  wish.by_file = below(2) == 0;
  wish.version = ++version_;
  const int count = 1 + below(3);
  for (int i = 0; i < count; ++i) {
    wish.services.push_back({"s" + std::to_string(i), below(1000), 32 + 16 * below(4), below(3), i > 0 && below(2) == 0});
  }
  return wish;
}

void Schedule::change(Wish& wish) {
  wish.version = ++version_;
  auto& service = wish.services[static_cast<std::size_t>(below(static_cast<int>(wish.services.size())))];
  switch (below(5)) {
    case 0: ++service.greeting; return;
    case 1: service.memory_mib = service.memory_mib == 64 ? 96 : 64; return;
    case 2: service.ports = (service.ports + 1) % 3; return;
    case 3: service.waits = !service.waits; return;
    default: break;
  }
  if (wish.services.size() == 3 || (wish.services.size() == 2 && below(2) == 0)) {
    wish.services.pop_back();
  } else {
    wish.services.push_back({"s" + std::to_string(wish.services.size()), below(1000), 48, below(3), false});
  }
}

}  // namespace berth::chaos
