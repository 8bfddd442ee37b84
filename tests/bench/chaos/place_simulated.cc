#include <thread>

#include "tests/bench/chaos/child.h"
#include "tests/bench/chaos/place.h"

namespace berth::chaos {

namespace {

// What may fail with whatever, what may be done without an answer, and what has a deadline.
const std::vector<const char*> kFallible = {"container_create", "container_start",  "container_remove", "container_inspect", "network_create",
                                            "network_remove",   "network_connect",  "network_inspect",  "container_update",  "network_disconnect",
                                            "container_create", "container_start",  "container_remove", "container_inspect", "network_create",
                                            "network_remove",   "container_list",   "network_list",     "ping"};
const std::vector<const char*> kEffects = {"container_create", "container_start", "container_remove", "network_create",
                                           "network_remove",   "network_connect", "container_update", "network_disconnect"};
const std::vector<const char*> kHanging = {"container_create", "container_remove", "container_inspect",
                                           "network_create",   "network_remove",   "network_connect"};
const std::vector<std::pair<const char*, const char*>> kRefusals = {{"container_create", "NameConflict"},  {"container_start", "PortConflict"},
                                                                    {"network_create", "SubnetConflict"},  {"network_remove", "NetworkInUse"},
                                                                    {"container_remove", "RemovalInProgress"}, {"container_start", "NetworkMissing"}};

class SimulatedPlace final : public Place {
 public:
  SimulatedPlace(const std::string& program, const std::string& folder) : socket_(folder + "/engine.sock"), control_(folder + "/control.sock") {
    child_.start({program, "--listen", docker_host(), "--control", "unix://" + control_}, folder + "/engine.log");
    const auto until = now() + std::chrono::seconds(10);
    while (!look() && now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ~SimulatedPlace() override { join(); }

  std::string docker_host() const override { return "unix://" + socket_; }
  std::string image() const override { return "busybox:1"; }

  std::optional<SeenEngine> look() override {
    const auto state = ask(control_, "GET", "/state").body();
    if (!state.is_object() || !state.contains("containers")) return std::nullopt;
    SeenEngine seen;
    for (const auto& item : state["containers"]) {
      SeenContainer container;
      container.id = item["id"];
      container.name = item["name"];
      container.state = item["state"];
      container.labels = texts(item["labels"]);
      read_places(item["networks"], item["ports"], container);
      seen.containers.push_back(std::move(container));
    }
    for (const auto& item : state["networks"]) seen.networks.push_back(seen_network(item));
    for (const auto& item : state["volumes"]) seen.volumes.push_back(item);
    return seen;
  }

  bool kill(const std::string& container) override { return control("/kill", {{"container", container}, {"exitCode", 137}}); }
  bool stop(const std::string& container) override { return control("/kill", {{"container", container}, {"exitCode", 0}}); }
  bool remove(const std::string& container) override { return control("/remove", {{"container", container}}); }
  bool pause(const std::string&) override { return false; }
  bool rename(const std::string&, const std::string&) override { return false; }
  bool disconnect(const std::string& network, const std::string& container) override {
    return control("/disconnect", {{"network", network}, {"container", container}});
  }
  bool remove_network(const std::string& network) override { return control("/remove", {{"network", network}}); }
  bool take_port(int port) override { return control("/hold-port", {{"port", port}}); }
  void give_port_back(int port) override { control("/hold-port", {{"port", port}, {"release", true}}); }
  bool make_network(const std::string& name, const std::string& subnet) override {
    return control("/foreign-network", {{"name", name}, {"subnet", subnet}, {"labels", {{"keep", "me"}}}});
  }
  bool make_container(const std::string& name, const std::string& network) override {
    if (control("/foreign-container", {{"name", name}, {"network", network}, {"labels", {{"keep", "me"}}}})) return true;
    remove(name);  // made, but its network was gone
    return false;
  }

  bool restart(int down_ms) override {
    if (down_ || now() < up_at_) return false;
    up_at_ = now() + in_ms(down_ms + 200);
    threads_.emplace_back([this, down_ms] { ask(control_, "POST", "/restart", json{{"downFor", down_ms / 1000.0}}.dump(), "application/json", std::chrono::seconds(30)); });
    return true;
  }

  bool make_trouble(const Step& step) override {
    const auto one_of = [&](const auto& all) { return all[step.draw[0] % all.size()]; };
    const int times = 1 + static_cast<int>(step.draw[1] % 3);
    const bool effect = step.draw[2] % 2 == 0;
    switch (step.kind) {
      case Kind::EngineDown:
        if (down_ || now() < up_at_) return false;
        down_ = true;
        return control("/down", {{"down", true}});
      case Kind::CallFails: return fault(one_of(kFallible), {{"status", 500}, {"times", times}, {"message", "something went wrong"}});
      case Kind::CallRefused: {
        const auto [operation, reason] = one_of(kRefusals);
        return fault(operation, {{"reason", reason}, {"times", times}});
      }
      case Kind::AnswerLost: return fault(one_of(kEffects), {{"status", 500}, {"takesEffect", true}, {"message", "the answer was lost"}});
      case Kind::CallHangs: return fault(one_of(kHanging), {{"hang", true}, {"takesEffect", effect}});
      case Kind::CallsSlow: return control("/latency", {{"operation", one_of(kFallible)}, {"seconds", 0.1 + step.draw[1] % 1000 / 1000.0}});
      case Kind::StartsFail:
        return control("/behaviours", {{"who", who(step)}, {"starts", 1}, {"failsToStart", {{"reason", "EngineError"}, {"message", "OCI runtime create failed"}}}});
      case Kind::ContainersExit:
        return control("/behaviours", {{"who", who(step)}, {"starts", 1}, {"exitsAfter", 0.1 + step.draw[1] % 500 / 1000.0}, {"exitCode", 1}});
      case Kind::RemovalStuck: return fault("container_remove", {{"reason", "RemovalInProgress"}, {"times", 4 * times}});
      case Kind::EventsLost: return control("/lose-events", {{"lose", true}});
      default: return false;
    }
  }

  void end_trouble(const Step& step) override {
    switch (step.kind) {
      case Kind::EngineDown:
        if (down_) control("/down", {{"down", false}});
        down_ = false;
        return;
      case Kind::CallsSlow: control("/latency", {{"operation", kFallible[step.draw[0] % kFallible.size()]}, {"seconds", 0}}); return;
      case Kind::StartsFail:
      case Kind::ContainersExit: control("/behaviours", {{"who", who(step)}}); return;
      case Kind::EventsLost: control("/lose-events", {{"lose", false}}); return;
      default: return;
    }
  }
  void end_all_trouble() override {
    join();
    ask(control_, "DELETE", "/faults");
  }

  json container(const std::string& id) override { return ask(socket_, "GET", "/containers/" + id + "/json").body(); }
  json network(const std::string& id) override { return ask(socket_, "GET", "/networks/" + id).body(); }

 private:
  static std::string who(const Step& step) { return "s" + std::to_string(step.draw[2] % 3); }
  bool control(const std::string& path, const json& body) { return ask(control_, "POST", path, body.dump()).good(); }
  bool fault(const std::string& operation, json body) {
    body["operation"] = operation;
    return control("/faults", body);
  }
  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::string socket_;
  std::string control_;
  Child child_;
  bool down_ = false;
  Time up_at_{};
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Place> simulated_place(const std::string& program, const std::string& folder) {
  return std::make_unique<SimulatedPlace>(program, folder);
}

}  // namespace berth::chaos
