#pragma once

#include "tests/fakes/fake_engine.h"

// What fake_engine*.cc share.
namespace berth::fakes {

inline Error engine_down() {
  return base::error(Reason::EngineUnavailable, "fake engine: connection refused");
}
inline Error engine_late() {
  return base::error(Reason::EngineUnavailable, "fake engine: no answer in time");
}
inline Error no_such_container(const std::string& id) {
  return base::error(Reason::NotFound, "No such container: " + id);
}
inline Error no_such_network(const std::string& id) {
  return base::error(Reason::NotFound, "network " + id + " not found");
}

struct FakeEngine::Box {
  explicit Box(Executor executor) : changed(executor) {}
  engine::Container view;  // as inspect shows it
  engine::ContainerSpec spec;
  std::map<std::string, std::vector<std::string>> aliases;  // by network name
  std::map<std::string, engine::FileToCopy> files;
  std::vector<std::string> volumes;  // anonymous
  std::string output;
  std::vector<std::pair<std::size_t, base::SystemTime>> written;  // where each piece of it begins, and when that came
  base::Signal changed;                                           // output or state
  int runs = 0;  // starts so far; tells a later life from an earlier one
  bool gone = false;
};

struct FakeEngine::Net {
  std::string id;
  engine::NetworkSpec spec;
  base::SystemTime created{};
};

struct FakeEngine::PendingFault {
  Fault fault;
};

// True when every "k=v" or "k" of `wanted` is among `labels`.
bool carries(const engine::Labels& labels, const std::vector<std::string>& wanted);

// An IPv4 prefix; nullopt for text that is none.
struct Prefix {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};
std::optional<Prefix> parse_prefix(const std::string& text);
std::string format_address(std::uint32_t address);
// "2026-11-23T09:36:43.123456789Z": as engines write times.
std::string engine_time(base::SystemTime time);

}  // namespace berth::fakes
