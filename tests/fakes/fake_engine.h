#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"

namespace berth::fakes {

// What the processes of a container do. Found by container name, by any label value (a service's name), by
// image, in that order.
struct Behaviour {
  std::optional<Error> fails_to_start;  // the start answers this; the container stays created, exit code 127
  std::optional<base::Duration> exits_after;  // of its start
  int exit_code = 0;
  bool oom_killed = false;
  int starts = -1;  // how many starts behave like this, those after run on; -1: all
  std::optional<base::Duration>
      healthy_after;            // for images and specs with a health check; nullopt: stays "starting"
  base::Duration stop_takes{};  // above the grace: killed, exit code 137
  int stop_exit_code = 143;
  std::function<engine::ExecResult(const std::vector<std::string>& command)>
      exec;          // default: exit code 0, no output; open_exec() gives back its input after that
  std::string logs;  // written at each start
  int millicores = 100;
  engine::ContainerStats uses;  // but for time, processor and, when it is 0, the limit of memory
};

// Calls that go wrong. Consumed in the order of injection.
struct Fault {
  std::string operation;       // see FakeEngine::calls()
  std::string target;          // only calls whose target contains this
  int skip = 0;                // that many matching calls pass first
  int times = 1;               // -1: for ever
  std::optional<Error> error;  // the answer; nullopt: none (hangs until the deadline, then EngineUnavailable)
  bool throws = false;         // the call ends by an exception: a mistake in the client
  bool takes_effect = false;   // the engine did it, only the answer is wrong (a lost answer)
};

// How the event stream misbehaves, the same for the same seed.
struct EventQuirks {
  int lost_percent = 0;
  int doubled_percent = 0;
  base::Duration late{};  // each is delivered up to that late, so that they come out of order
  std::uint64_t seed = 1;
};

struct Call {
  std::string operation;  // container_create, network_remove, ...: the names of the engine metrics
  std::string target;     // id, name or reference that the caller gave
  base::SteadyTime at{};
  std::optional<Reason> failed;
  bool ended = false;
};

// An Engine in memory that behaves as the measured ones do (docs/engine.md) as far as berth can see it,
// without a byte of I/O. Every call passes through the loop at least once. The same suite runs against it and
// against a real engine.
//
// A call that is cancelled while its latency runs takes effect all the same when that is over, as on a real engine
// whose client hangs up.
class FakeEngine final : public engine::Engine {
 public:
  FakeEngine(Executor executor, base::Clock& clock);
  ~FakeEngine() override;
  Task<void> stop() override;

  // --- how it behaves ---
  engine::EngineInfo engine_info{"FAKE:ENGINE", "20.10.24", "1.41", 2, std::int64_t{8} << 30, "Fake Linux"};
  bool duplicate_network_names = false;           // true: as 20.10 when several creates race
  bool every_image_exists = true;                 // else only those of add_image()
  bool every_pull_succeeds = false;               // of references without offer_image() and refuse_pull()
  std::map<std::string, base::Duration> latency;  // by operation
  void behave(std::string who, Behaviour behaviour);
  void add_image(std::string reference, engine::Image image);
  // What a pull of `reference` answers; without it a pull is refused with ImageNotFound. A success adds the
  // image.
  void offer_image(std::string reference, engine::Image image);
  void refuse_pull(std::string reference, Error error);
  void inject(Fault fault);
  void forget_faults();
  // Down: every call fails with EngineUnavailable, streams end. Containers run on.
  void set_down(bool down);
  // Events are lost (not stored, not delivered) while true.
  void lose_events(bool lose) { losing_events_ = lose; }
  void disturb_events(const EventQuirks& quirks);
  void end_event_streams();
  // A process outside the engine listens there.
  void hold_port(std::string host_ip, std::uint16_t port);
  void release_port(const std::string& host_ip, std::uint16_t port);

  // --- what others do to it; by id or name, throws std::out_of_range for unknown ones ---
  void kill(const std::string& container, int exit_code = 137, bool oom_killed = false);
  void remove_behind_back(const std::string& container);
  void set_removing(const std::string& container);  // somebody's removal that does not end
  void set_paused(const std::string& container, bool paused);
  void rename(const std::string& container, std::string name);
  void set_health(const std::string& container, std::string health);
  void write_logs(const std::string& container, std::string_view text);
  void disconnect_behind_back(const std::string& network, const std::string& container);
  void remove_network_behind_back(const std::string& network);
  std::string add_foreign_network(std::string name, std::string subnet, engine::Labels labels = {});
  // Runs at once, on `network` ("" = none). Returns its id.
  std::string add_foreign_container(std::string name, std::string network = "", engine::Labels labels = {});
  // The engine restarts: streams end, history of events is gone. Running containers are exited with 0, or with `live_restore` run on.
  void restart(bool live_restore = false);

  // --- what happened ---
  const std::vector<Call>& calls() const { return calls_; }
  int count(const std::string& operation) const;
  int following() const { return *following_; }  // log streams that are open
  int most_at_once(const std::string& operation) const;
  engine::LogOptions last_log_options() const { return last_log_options_; }
  engine::ExecOptions last_exec() const { return last_exec_; }
  std::vector<std::string> resizes() const { return resizes_; }  // "exec-1 100x30"
  void forget_calls();
  std::vector<engine::Container> containers() const;  // as inspect shows them
  std::vector<engine::Network> networks() const;
  std::vector<engine::Volume> volumes() const;
  std::optional<engine::Container> container(const std::string& id_or_name) const;
  std::optional<engine::Network> network(const std::string& id_or_name) const;  // without endpoints
  std::optional<engine::ContainerSpec> spec(const std::string& id_or_name) const;
  std::map<std::string, engine::FileToCopy> files(const std::string& id_or_name) const;  // by path
  std::vector<std::string> aliases(const std::string& id_or_name) const;

  // --- Engine ---
  Task<Result<engine::EngineInfo>> info(base::Deadline deadline) override;
  Task<Result<void>> ping(base::Deadline deadline) override;
  Task<Result<std::vector<engine::Container>>> list_containers(std::vector<std::string> labels,
                                                               base::Deadline deadline) override;
  Task<Result<engine::Container>> inspect_container(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> create_container(engine::ContainerSpec spec, base::Deadline deadline) override;
  Task<Result<void>> start_container(std::string id) override;
  Task<Result<void>> stop_container(std::string id, base::Duration grace, base::Deadline deadline) override;
  Task<Result<void>> remove_container(std::string id, base::Deadline deadline) override;
  Task<Result<void>> update_container(std::string id, std::int64_t nano_cpus, std::int64_t memory_bytes,
                                      base::Deadline deadline, std::int64_t cpu_shares) override;
  Task<Result<void>> copy_files(std::string id, std::vector<engine::FileToCopy> files,
                                base::Deadline deadline) override;
  Task<Result<engine::PathStat>> stat_path(std::string id, std::string path, base::Deadline deadline) override;
  Task<Result<std::unique_ptr<engine::ArchiveStream>>> read_archive(std::string id, std::string path, base::Deadline deadline) override;
  Task<Result<void>> write_archive(std::string id, std::string path, engine::ArchiveSource source) override;
  Task<Result<engine::ContainerStats>> stats(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> describe_container(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> describe_network(std::string id, base::Deadline deadline) override;
  Task<Result<engine::ExecResult>> exec(std::string id, std::vector<std::string> command,
                                        base::Deadline deadline) override;
  Task<Result<engine::ExecSession>> open_exec(std::string id, engine::ExecOptions options, base::Deadline deadline) override;
  Task<Result<int>> exec_exit_code(std::string exec_id, base::Deadline deadline) override;
  Task<Result<void>> resize_exec(std::string exec_id, engine::TerminalSize size, base::Deadline deadline) override;
  Task<Result<std::shared_ptr<engine::ProcessStream>>> attach_container(std::string id, engine::Streams streams,
                                                                        base::Deadline deadline) override;
  Task<Result<void>> resize_container(std::string id, engine::TerminalSize size, base::Deadline deadline) override;
  Task<Result<std::unique_ptr<engine::LogStream>>> logs(std::string id, engine::LogOptions options,
                                                        base::Deadline deadline) override;
  Task<Result<std::vector<engine::Network>>> list_networks(std::vector<std::string> labels,
                                                           base::Deadline deadline) override;
  Task<Result<engine::Network>> inspect_network(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> create_network(engine::NetworkSpec spec, base::Deadline deadline) override;
  Task<Result<void>> remove_network(std::string id, base::Deadline deadline) override;
  Task<Result<void>> connect_network(std::string network_id, std::string container_id,
                                     std::vector<std::string> aliases, base::Deadline deadline) override;
  Task<Result<void>> disconnect_network(std::string network_id, std::string container_id, bool force,
                                        base::Deadline deadline) override;
  Task<Result<std::vector<engine::Volume>>> list_volumes(std::vector<std::string> labels,
                                                         base::Deadline deadline) override;
  Task<Result<void>> remove_volume(std::string name, base::Deadline deadline) override;
  Task<Result<engine::Image>> inspect_image(std::string reference, base::Deadline deadline) override;
  Task<Result<void>> pull_image(std::string reference, std::string platform, base::Deadline deadline) override;
  Task<Result<std::unique_ptr<engine::EventStream>>> events(std::int64_t since_nano) override;

 private:
  struct Box;  // one container
  struct Net;
  struct Subscription;
  class Events;
  class Logs;
  class Process;
  struct PendingFault;
  using BoxPtr = std::shared_ptr<Box>;
  using NetPtr = std::shared_ptr<Net>;

  // fake_engine.cc: what every call passes through
  template <class Effect>
  auto call(std::string operation, std::string target, base::Deadline deadline, Effect effect)
      -> Task<std::invoke_result_t<Effect&>>;
  std::size_t begin_call(const std::string& operation, const std::string& target);
  void end_call(const std::string& operation, std::size_t number, std::optional<Reason> failed);
  std::optional<Fault> take_fault(const std::string& operation, const std::string& target);
  Task<bool> pass_time(std::string operation, base::Deadline deadline);  // false: the deadline came first
  Task<void> finish_later(std::string operation, base::SteadyTime begun, std::function<void()> effect);
  Task<void> wait_for_deadline(base::Deadline deadline);
  std::string new_id();

  // fake_engine_containers.cc, fake_engine_hands.cc
  BoxPtr find_box(const std::string& id_or_name) const;
  BoxPtr box_or_throw(const std::string& id_or_name) const;
  Result<std::string> create(const engine::ContainerSpec& spec);
  Result<void> start(const std::string& id);
  std::optional<Error> start_obstacle(const Box& box) const;
  Result<void> stop(const std::string& id, base::Duration grace);
  Result<void> remove(const std::string& id);
  void print(Box& box, std::string_view text);  // to its log
  void end_processes(const BoxPtr& box, int exit_code, bool oom_killed);
  void erase_box(const BoxPtr& box);
  Task<void> live(BoxPtr box, int run, Behaviour behaviour);
  Behaviour behaviour_of(const Box& box) const;
  std::optional<Error> port_conflict(const Box& box) const;
  std::optional<engine::Image> find_image(const std::string& reference) const;
  bool has_platform(const std::string& reference, const std::string& platform) const;

  // fake_engine_networks.cc
  NetPtr find_network(const std::string& id_or_name) const;
  Result<NetPtr> network_of(const engine::Attachment& attachment) const;  // NetworkMissing, also where several have its name
  NetPtr network_or_throw(const std::string& id_or_name) const;
  std::optional<Error> network_obstacle(const engine::NetworkSpec& spec) const;  // why it cannot be made
  Result<std::string> create_net(const engine::NetworkSpec& spec);
  Result<void> remove_net(const std::string& id);
  Result<void> connect(const std::string& network, const std::string& container,
                       const std::vector<std::string>& aliases);
  Result<void> disconnect(const std::string& network, const std::string& container, bool force);
  Result<std::string> free_address(const Net& network) const;
  engine::Network describe(const Net& network, bool with_endpoints) const;

  // fake_engine_streams.cc
  void deliver(const engine::Event& event);
  Task<void> deliver_later(engine::Event event, base::Duration delay);
  void emit(std::string type, std::string action, std::string actor, engine::Labels attributes);
  void emit_container(const Box& box, std::string action, engine::Labels extra = {});
  void emit_network(const Net& network, std::string action, const std::string& container = "");

  Executor executor_;
  base::Clock& clock_;
  std::map<std::string, BoxPtr> boxes_;
  std::map<std::string, NetPtr> networks_;
  std::vector<std::weak_ptr<const std::string>> pools_;  // subnets of networks that are being made
  std::map<std::string, engine::Volume> volumes_;
  std::map<std::string, engine::Image> images_;
  std::map<std::string, std::string> platforms_;  // of the images that were pulled
  std::map<std::string, Result<engine::Image>> registry_;
  std::map<std::string, Behaviour> behaviours_;
  std::set<std::pair<std::string, std::uint16_t>> held_ports_;
  std::deque<PendingFault> faults_;
  std::vector<Call> calls_;
  std::size_t first_call_ = 0;  // number of calls_[0]
  std::map<std::string, int> in_flight_;
  std::map<std::string, int> most_at_once_;
  std::deque<engine::Event> history_;
  std::vector<std::weak_ptr<Subscription>> subscriptions_;
  std::shared_ptr<base::Signal> changed_;
  std::int64_t last_event_nano_ = 0;
  std::uint64_t next_id_ = 1;
  std::shared_ptr<int> following_ = std::make_shared<int>(0);
  engine::LogOptions last_log_options_;
  engine::ExecOptions last_exec_;
  std::vector<std::string> resizes_;
  std::map<std::string, int> exec_codes_;  // by exec id
  bool down_ = false;
  bool losing_events_ = false;
  EventQuirks event_quirks_;
  std::mt19937_64 event_dice_;
  TaskGroup tasks_;
};

}  // namespace berth::fakes
