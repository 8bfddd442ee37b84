#include "tests/bench/chaos/run.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "controller/plan/names.h"

namespace berth::chaos {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr auto kPatience = std::chrono::seconds(120);  // at a quiet point: a restart may be held back for 40 s, a resync comes in 66 s, a call hangs 60 s
constexpr std::size_t kRemarks = 60;

}  // namespace

Run::Run(Options options, std::string folder)
    : options_(std::move(options)), folder_(std::move(folder)),
      schedule_(options_.seed, options_.environments, options_.engine.empty() ? Schedule::Engine::Simulated : Schedule::Engine::Real,
                {.engine_restarts = options_.engine.empty() || !options_.dockerd_dir.empty(), .store_faults = options_.store_faults}),
      wishes_(static_cast<std::size_t>(options_.environments)) {
  place_ = options_.engine.empty() ? simulated_place(options_.simulator, folder_) : real_place(options_.engine, options_.dockerd_script, options_.dockerd_dir);
  if (options_.store_faults) disk_ = std::make_unique<StoreDisk>(folder_ + "/data");
  daemon_ = std::make_unique<Daemon>(options_.berthd, folder_, place_->docker_host(), place_->image());
  foreigners_ = std::make_unique<Foreigners>(*place_, daemon_->instance());
  collisions_ = std::make_unique<Collisions>(daemon_->instance());
}

bool Run::all() {
  begin();
  while (seconds(now() - began_) < options_.minutes * 60 && failed_ == 0) {
    round();
    quiet();
  }
  end();
  report();
  return failed_ + collided_ + touched_ + leaked_ == 0;
}

void Run::begin() {
  const auto seen = place_->look();
  if (!seen) return fault(failed_, "the engine does not answer");
  foreigners_->remember(*seen);
  if (!place_->make_network("chaos-foreign", "10.99.7.0/24")) throw std::runtime_error("chaos: cannot make the network chaos-foreign, 10.99.7.0/24");
  foreigners_->made_network("chaos-foreign");
  if (!place_->make_container("chaos-foreign-1", "chaos-foreign")) throw std::runtime_error("chaos: cannot make the container chaos-foreign-1");
  foreigners_->made_container("chaos-foreign-1", false);
  daemon_->start();
  watch_until(now() + std::chrono::seconds(1));
}

void Run::round() {
  ++rounds_;
  const auto steps = schedule_.next_round();
  auto at = now();
  for (const auto& step : steps) {
    at += in_ms(step.pause_ms);
    watch_until(at);
    act(step);
    if (failed_ > 0) return;
  }
}

// Faults end; until a limit all must be right, and it must stay so.
void Run::quiet() {
  if (failed_ > 0) return;
  do_what_is_due(Time::max());
  place_->end_all_trouble();
  const auto began = now();
  tally_.cease(began);
  int right = 0;
  std::string why;
  while (right < 3 && now() - began < kPatience && failed_ == 0) {
    watch_until(now() + kPoll);
    why = difference();
    right = why.empty() ? right + 1 : 0;
    if (now() - began > kPatience / 2) restart_if_it_miscounts();
  }
  if (right < 3) return fault(failed_, "not as it is wished at a quiet point: " + why);
  for (const auto& what : foreigners_->look(view_->engine, true)) fault(touched_, what);
  for (const auto& what : tally_.open()) fault(failed_, "did not heal: " + what);
  remark("quiet point " + std::to_string(rounds_) + " after " + std::to_string(seconds(now() - began)) + " s");
}

// An engine that was killed may count an endpoint that is not there: its network has "active endpoints" and shows none. It finds out at its
// next start ("Fixing inconsistent endpoint_cnt"), and nothing else helps.
void Run::restart_if_it_miscounts() {
  if (!view_ || miscounted_ > 0 || options_.dockerd_dir.empty()) return;
  for (const auto& network : view_->engine.networks) {
    const auto found = view_->environments.find(network.label(plan::kEnvironmentLabel));
    if (found == view_->environments.end() || found->second.dump().find("has active endpoints") == std::string::npos) continue;
    if (!object_at(place_->network(network.id), "Containers").empty()) continue;
    ++miscounted_;
    remark("the engine miscounts the endpoints of " + network.name + ": restarted");
    place_->restart(300);
    foreigners_->engine_restarted();
    return;
  }
}

std::string Run::difference() {
  if (!view_ || now() - view_->at > std::chrono::seconds(1)) return "nothing to be seen";
  int ports = 0;
  int subnets = 0;
  for (int slot = 0; slot < options_.environments; ++slot) {
    const auto& wish = wishes_[static_cast<std::size_t>(slot)];
    if (!daemon_->told(slot)) return name_of(slot) + ": berthd does not take what it is told";
    if (auto why = wrong(slot, wish, *view_, daemon_->instance()); !why.empty()) return why;
    if (auto why = wrong_inside(slot, wish, *view_, *place_); !why.empty()) return why;
    ports += wish.there ? wish.port_count() : 0;
    subnets += wish.there;
  }
  const auto left = foreigners_->left_behind(view_->engine);
  for (const auto& what : left) {
    if (what.find(daemon_->instance()) == std::string::npos) return "left behind: " + what;
  }
  const auto leased = daemon_->leased();
  if (!leased || *leased != std::pair{ports, subnets}) {
    return "leased are " + (leased ? std::to_string(leased->first) + " ports, " + std::to_string(leased->second) : std::string("?")) + " subnets; wished " +
           std::to_string(ports) + " and " + std::to_string(subnets);
  }
  return "";
}

void Run::end() {
  for (int slot = 0; slot < options_.environments; ++slot) {
    auto& wish = wishes_[static_cast<std::size_t>(slot)];
    if (!wish.there) continue;
    Step step;
    step.kind = Kind::Delete;
    step.slot = slot;
    step.wish = wish;
    step.wish.there = false;
    act(step);
  }
  const bool well = failed_ == 0;
  const auto limit = now() + (well ? kPatience : std::chrono::seconds(10));
  do_what_is_due(Time::max());
  place_->end_all_trouble();
  std::vector<std::string> left;
  do {
    watch_until(now() + kPoll);
    left = view_ ? foreigners_->left_behind(view_->engine) : std::vector<std::string>{"unknown"};
    if (view_ && left.empty() && view_->environments.empty()) break;
    if (limit - now() < kPatience / 2) restart_if_it_miscounts();
  } while (now() < limit && (!well || failed_ == 0));
  for (const auto& what : left) fault(leaked_, "left behind: " + what);
  if (well && view_ && !view_->environments.empty()) fault(failed_, "not deleted: " + view_->environments.begin()->first);
  if (view_) {
    for (const auto& what : foreigners_->look(view_->engine, true)) fault(touched_, what);
  }
  if (const auto leased = daemon_->leased(); well && leased && *leased != std::pair{0, 0}) fault(leaked_, "leases are left");
  if (!daemon_->stop()) fault(failed_, "SIGTERM did not end berthd within 10 s");
  foreigners_->remove_made();
}

void Run::report() const {
  std::printf("seed %llu, %.1f minutes, %d environments, %d quiet points, %s\n\n", static_cast<unsigned long long>(options_.seed),
              seconds(now() - began_) / 60, options_.environments, rounds_, options_.engine.empty() ? "simulated engine" : "real engine");
  std::printf("%s\n", tally_.table().c_str());
  std::printf("faults %d, healed %d, leaks %d, collisions %d, foreign objects touched %d, other failures %d\n", tally_.happened(), tally_.healed(),
              leaked_, collided_, touched_, failed_);
  if (miscounted_ > 0) std::printf("networks of which the engine lost count: %d\n", miscounted_);
  if (failed_ + collided_ + touched_ + leaked_ == 0) return;
  std::printf("\nthe last that happened:\n");
  for (const auto& line : remarks_) std::printf("  %s\n", line.c_str());
}

void Run::watch_until(Time until) {
  do {
    do_what_is_due(now());
    daemon_->deliver();
    look();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kPoll, std::max(until - now(), std::chrono::steady_clock::duration::zero())));
  } while (now() < until);
}

void Run::look() {
  if (daemon_->wanted() && !daemon_->alive()) {
    fault(failed_, "berthd ended by itself, status " + std::to_string(daemon_->status()));
    start_berthd();
  }
  View view;
  view.at = now();
  auto environments = daemon_->wanted() ? daemon_->environments() : std::nullopt;
  if (!environments) return;
  auto engine = place_->look();
  if (!engine) return;
  view.environments = *std::move(environments);
  view.engine = *std::move(engine);
  notice(view);
  view_ = std::move(view);
}

void Run::notice(const View& view) {
  for (const auto& what : collisions_->look(view)) fault(collided_, what);
  for (const auto& what : foreigners_->look(view.engine, false)) fault(touched_, what);
  std::set<int> right;
  for (int slot = 0; slot < options_.environments; ++slot) {
    if (daemon_->told(slot) && wrong(slot, wishes_[static_cast<std::size_t>(slot)], view, daemon_->instance()).empty()) right.insert(slot);
  }
  tally_.right(right, view.at);
}

void Run::remark(const std::string& what) {
  char time[32];
  std::snprintf(time, sizeof time, "%8.3f ", seconds(now() - began_));
  std::ofstream(folder_ + "/actions.log", std::ios::app) << time << what << "\n";
  remarks_.push_back(time + what);
  if (remarks_.size() > kRemarks) remarks_.pop_front();
}

void Run::fault(int& counter, const std::string& what) {
  ++counter;
  remark("WRONG: " + what);
  std::fprintf(stderr, "WRONG after %.1f s: %s\n", seconds(now() - began_), what.c_str());
}

void Run::later(Time at, Doing doing) { later_.emplace_back(at, std::move(doing)); }

void Run::do_what_is_due(Time at) {
  std::vector<Doing> due;
  std::erase_if(later_, [&](auto& each) {
    if (each.first > at) return false;
    due.push_back(std::move(each.second));
    return true;
  });
  for (const auto& doing : due) doing();
}

}  // namespace berth::chaos
