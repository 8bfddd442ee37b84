#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/chaos/place.h"

namespace berth::chaos {

// What there is to see at one time, the API first.
struct View {
  Time at{};
  std::map<std::string, json> environments;
  SeenEngine engine;
};

// Why the environment is not as it is wished; "" when it is. Looks at its status and at what the engine lists.
std::string wrong(int slot, const Wish& wish, const View& view, const std::string& instance);
// The same by inspect: variables, limits and ports of its containers.
std::string wrong_inside(int slot, const Wish& wish, const View& view, Place& place);

// What must never be, whatever happens. Each collision is told once.
class Collisions {
 public:
  explicit Collisions(std::string instance) : instance_(std::move(instance)) {}
  std::vector<std::string> look(const View& view);

 private:
  void leases(const View& view, std::vector<std::string>& found) const;
  void published(const View& view, std::vector<std::string>& found) const;
  void strangers(const View& view, std::vector<std::string>& found) const;
  void twins(const View& view, std::vector<std::string>& found);

  std::string instance_;
  std::map<std::string, Time> twins_;  // two that run for one service, since
  std::set<std::string> told_;
};

// What is not berth's, from the start and of this run. What the run itself does to it is told here.
class Foreigners {
 public:
  Foreigners(Place& place, std::string instance) : place_(place), instance_(std::move(instance)) {}
  // All that is there now.
  void remember(const SeenEngine& engine);
  void made_container(const std::string& name, bool on_a_network_that_goes);
  void made_network(const std::string& name);
  void engine_restarted() { restarted_ = true; }  // nothing runs any more
  bool is_ours(const std::map<std::string, std::string>& labels) const;
  // What differs, each once: by the lists alone, or by inspect too.
  std::vector<std::string> look(const SeenEngine& engine, bool inside);
  // What there is beyond them.
  std::vector<std::string> left_behind(const SeenEngine& engine) const;
  // Takes away what the run made.
  void remove_made();

 private:
  struct Known {
    std::string name;
    json inspected;
    bool loose = false;  // its networks come and go
    bool made = false;
  };
  json inside(const std::string& id, bool container, bool loose) const;

  Place& place_;
  std::string instance_;
  std::map<std::string, Known> containers_;  // by id
  std::map<std::string, Known> networks_;
  std::set<std::string> volumes_;
  std::vector<std::pair<std::string, bool>> new_containers_;
  std::vector<std::string> new_networks_;
  std::set<std::string> told_;
  bool restarted_ = false;
};

}  // namespace berth::chaos
