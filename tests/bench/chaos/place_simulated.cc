#include <thread>

#include "tests/bench/driver/child.h"
#include "tests/bench/chaos/place.h"

namespace berth::chaos {

namespace {

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
  bool pause(const std::string& container) override { return control("/pause", {{"container", container}}); }
  bool rename(const std::string& container, const std::string& name) override {
    return control("/rename", {{"container", container}, {"name", name}});
  }
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

  bool make_trouble(const Step& step, const std::string& target) override {
    const int times = 1 + static_cast<int>(step.draw[2] % 3);
    json fault = {{"operation", step.operation}, {"target", target}, {"times", times}};
    json behaviour = {{"who", name_of(step.slot)}, {"starts", 1}};
    switch (step.kind) {
      case Kind::EngineDown:
        if (down_ || now() < up_at_) return false;
        down_ = true;
        return control("/down", {{"down", true}});
      case Kind::CallFails: fault.update({{"status", 500}, {"message", "something went wrong"}}); break;
      case Kind::CallRefused: fault["reason"] = step.reason; break;
      case Kind::RemovalStuck: fault.update({{"reason", step.reason}, {"times", 4 * times}}); break;
      case Kind::AnswerLost: fault.update({{"status", 500}, {"takesEffect", true}, {"times", 1}, {"message", "the answer was lost"}}); break;
      case Kind::CallHangs: fault.update({{"hang", true}, {"times", 1}, {"takesEffect", step.draw[2] % 2 == 0}}); break;
      case Kind::CallsSlow: return control("/latency", {{"operation", step.operation}, {"seconds", 0.1 + step.draw[2] % 1000 / 1000.0}});
      case Kind::StartsFail:
        behaviour["failsToStart"] = {{"reason", "EngineError"}, {"message", "OCI runtime create failed"}};
        return control("/behaviours", behaviour);
      case Kind::ContainersExit:
        behaviour.update({{"exitsAfter", 0.1 + step.draw[2] % 500 / 1000.0}, {"exitCode", 1}});
        return control("/behaviours", behaviour);
      case Kind::EventsLost: return control("/lose-events", {{"lose", true}});
      case Kind::EventsMuddled: return control("/event-quirks", {{"doubledPercent", 30}, {"late", 2}, {"seed", step.number}});
      default: return false;
    }
    return control("/faults", fault);
  }

  void end_trouble(const Step& step) override {
    switch (step.kind) {
      case Kind::EngineDown:
        if (down_) control("/down", {{"down", false}});
        down_ = false;
        return;
      case Kind::CallsSlow: control("/latency", {{"operation", step.operation}, {"seconds", 0}}); return;
      case Kind::StartsFail:
      case Kind::ContainersExit: control("/behaviours", {{"who", name_of(step.slot)}}); return;
      case Kind::EventsLost: control("/lose-events", {{"lose", false}}); return;
      case Kind::EventsMuddled: control("/event-quirks", json::object()); return;
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
  bool control(const std::string& path, const json& body) { return ask(control_, "POST", path, body.dump()).good(); }
  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::string socket_;
  std::string control_;
  bench::Child child_;
  bool down_ = false;
  Time up_at_{};
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Place> simulated_place(const std::string& program, const std::string& folder) {
  return std::make_unique<SimulatedPlace>(program, folder);
}

}  // namespace berth::chaos
