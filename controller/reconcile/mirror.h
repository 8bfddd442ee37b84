#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"
#include "controller/plan/environment_plan.h"
#include "controller/reconcile/fair_limiter.h"
#include "controller/reconcile/owner.h"
#include "metrics/engine_metrics.h"

namespace berth::reconcile {

// Something of ours changed on the engine although berth did not do it.
struct Drift {
  std::string kind;  // container_died | container_removed | network_removed | network_disconnected
  Owner owner;
  std::string service;  // "" for the network
  std::string object_name;
  int exit_code = 0;
};

struct MirrorOptions {
  std::string instance;
  base::Duration resync = std::chrono::seconds(60);
  int parallel_inspects = 8;
};

// The informer of the engine: a copy of every container and network that carries our instance label. Listed at first and after every
// reconnect, kept current by the event stream, looked over once a minute. Operations put what the engine answered into it, so that
// nothing is asked twice. What is read here may be old by one event, never by more than one resync. A container whose inspect hangs
// delays nobody else: it is there as the list shows it, and its environment's Actual says so. Loop thread only.
class Mirror {
 public:
  using OnChange = std::function<void(const Owner&)>;
  using OnDrift = std::function<void(const Drift&)>;
  using OnConnection = std::function<void(bool live)>;

  Mirror(Executor executor, base::Clock& clock, engine::Engine& engine, metrics::EngineMetrics& metrics,
         MirrorOptions options);

  void on_change(OnChange handler) { on_change_ = std::move(handler); }
  void on_drift(OnDrift handler) { on_drift_ = std::move(handler); }
  void on_connection(OnConnection handler) { on_connection_ = std::move(handler); }
  void start();
  Task<void> stop();

  // Whether the copy is complete and the event stream is open. False: decide nothing by it.
  bool live() const { return live_; }
  const std::string& last_error() const { return last_error_; }
  // When it was last away after it had been there, and when everything was listed again; none: never.
  base::SystemTime lost_at() const { return lost_at_; }
  base::SystemTime back_at() const { return back_at_; }
  Task<void> wait_live();

  plan::Actual actual(const std::string& uid) const;
  const engine::Container* container(const std::string& id) const;  // null when it is not there
  bool owns(const std::string& uid) const { return owned_.contains(uid); }
  std::map<std::string, Owner> owners() const;                      // by uid: everybody who owns something
  std::vector<engine::Network> networks() const;

  // While it lives, what happens to these ids or names is berth's own doing: no drift, and no inspect because of an event.
  class Hold {
   public:
    Hold(Mirror& mirror, std::vector<std::string> ids);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Mirror& mirror_;
    std::vector<std::string> ids_;
  };

  // What an operation learned. Objects that do not carry our label are ignored.
  void put(engine::Container container);
  void put(engine::Network network);
  void drop_container(const std::string& id);
  void drop_network(const std::string& id);
  // Inspects, and again when something happened to it meanwhile. NotFound drops it.
  Task<Result<engine::Container>> refresh(std::string id);
  Task<Result<engine::Container>> refresh(std::string id, base::Duration patience);
  // Lists what carries `uid`, takes it over and drops what is gone.
  Task<Result<plan::Actual>> relist(std::string uid);

 private:
  struct ContainerEntry {
    engine::Container value;
    std::uint64_t epoch = 0;  // of its last change
    bool oom_seen = false;
    bool unclear = false;  // known from a list alone: its state, but not its times and results
  };
  struct NetworkEntry {
    engine::Network value;
    std::uint64_t epoch = 0;
  };
  struct Owned {
    Owner owner;
    std::set<std::string> containers;
    std::set<std::string> networks;
  };

  Task<void> run();
  Task<Error> follow();
  Task<void> resync_loop();
  Task<Result<void>> list_all(bool inspect_everything);
  Task<Result<void>> inspect_all(std::vector<engine::Container> listed);
  Task<void> inspect_some(std::shared_ptr<const std::vector<engine::Container>> listed, std::size_t& next);
  Task<void> refresh_task(std::string id);
  void refresh_soon(const std::string& id);
  void put_unclear(engine::Container listed);
  void enter(engine::Container container, bool unclear);

  void handle(const engine::Event& event);
  void handle_container(const engine::Event& event);
  void handle_network(const engine::Event& event);
  void died(ContainerEntry& entry, const engine::Event& event);

  bool held(const std::string& id) const { return holds_.contains(id); }
  bool changed_since(const std::string& id, std::uint64_t epoch) const;
  void detect_drift(const engine::Container& old, const engine::Container& now);
  void report(const Drift& drift) const;
  void notify(const Owner& owner) const;
  void forget_owned(const std::string& uid);
  std::vector<std::string> filter() const;

  base::Clock& clock_;
  engine::Engine& engine_;
  metrics::EngineMetrics& metrics_;
  MirrorOptions options_;
  OnChange on_change_;
  OnDrift on_drift_;
  OnConnection on_connection_;
  std::map<std::string, ContainerEntry> containers_;  // by id
  std::map<std::string, NetworkEntry> networks_;      // by id
  std::map<std::string, Owned> owned_;                // by uid
  std::multiset<std::string> holds_;
  std::map<std::string, bool> refreshing_;  // by id; true: once more
  std::uint64_t epoch_ = 0;
  bool live_ = false;
  bool was_live_ = false;
  base::SystemTime lost_at_{};
  base::SystemTime back_at_{};
  std::string last_error_;
  base::Signal changed_;
  FairLimiter looks_;  // inspects that events ask for: after a reconnect there are thousands of them
  TaskGroup inspects_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
