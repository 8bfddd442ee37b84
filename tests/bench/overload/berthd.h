#pragma once

#include <map>
#include <string>

#include "tests/bench/driver/child.h"
#include "tests/bench/driver/wire.h"

namespace berth::overload {

using bench::json;

inline constexpr const char* kEnvironments = "/apis/berth.dev/v1alpha1/testenvironments";
std::string environments_of(const std::string& ns);

// A berthd of its own.
class Berthd {
 public:
  Berthd(std::string program, std::string folder, std::string docker_host);

  void start();  // returns when it answers; throws when it does not within 20 s
  bool stop();   // SIGTERM; false: it did not end within 10 s
  bool alive() { return child_.alive(); }
  const bench::Child& process() const { return child_; }
  const std::string& socket() const { return socket_; }
  const std::string& instance() const { return instance_; }
  // What the series of this metric that contain `label` add up to.
  double metric(const std::string& name, const std::string& label = "") const;
  // Calls of the engine, by operation, since its last start.
  std::map<std::string, double> engine_calls() const;

 private:
  std::string program_;
  std::string folder_;
  std::string docker_host_;
  std::string socket_;
  std::string instance_;
  bench::Child child_;
};

}  // namespace berth::overload
