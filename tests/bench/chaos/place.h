#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/chaos/schedule.h"

namespace berth::chaos {

struct SeenContainer {
  std::string id;
  std::string name;
  std::string state;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> networks;  // name to id
  std::vector<std::string> ports;               // "127.0.0.1:28000"
  std::string label(const char* key) const;
  bool running() const { return state == "running"; }
};
struct SeenNetwork {
  std::string id;
  std::string name;
  std::string subnet;
  std::map<std::string, std::string> labels;
  std::string label(const char* key) const;
};
struct SeenEngine {
  std::vector<SeenContainer> containers;
  std::vector<SeenNetwork> networks;
  std::vector<std::string> volumes;
};

// The engine as others have their hands on it. What it refuses is false: somebody was faster.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::string docker_host() const = 0;
  virtual std::string image() const = 0;
  virtual std::optional<SeenEngine> look() = 0;  // nullopt: it does not answer
  virtual bool kill(const std::string& container) = 0;
  virtual bool stop(const std::string& container) = 0;
  virtual bool remove(const std::string& container) = 0;
  virtual bool pause(const std::string& container) = 0;
  virtual bool rename(const std::string& container, const std::string& name) = 0;
  virtual bool disconnect(const std::string& network, const std::string& container) = 0;
  virtual bool remove_network(const std::string& network) = 0;  // with what is attached to it
  virtual bool take_port(int port) = 0;
  virtual void give_port_back(int port) = 0;
  virtual bool make_network(const std::string& name, const std::string& subnet) = 0;
  virtual bool make_container(const std::string& name, const std::string& network) = 0;
  virtual bool restart(int down_ms) = 0;  // returns when it is begun
  // What only a simulator does; `target`: of the calls that go wrong, "" is any.
  virtual bool make_trouble(const Step&, const std::string& /*target*/) { return false; }
  virtual void end_trouble(const Step&) {}
  virtual void end_all_trouble() {}
  // By inspect.
  virtual json container(const std::string& id) = 0;
  virtual json network(const std::string& id) = 0;
};

std::unique_ptr<Place> simulated_place(const std::string& program, const std::string& folder);
// `dockerd`: the script and its folder that kill it and start it again; "" when it is not to be killed.
std::unique_ptr<Place> real_place(const std::string& socket, const std::string& dockerd_script, const std::string& dockerd_dir);

// How both read what an engine answers.
SeenNetwork seen_network(const json& item);
void read_places(const json& networks, const json& ports, SeenContainer& seen);
// The member, if it is an object; else an empty one.
json object_at(const json& object, const char* key);
std::map<std::string, std::string> texts(const json& object);

}  // namespace berth::chaos
