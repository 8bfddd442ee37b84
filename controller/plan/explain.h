#pragma once

#include <optional>
#include <string>

#include "controller/plan/world.h"

// Words for people, the same for the same facts. Internal to plan/.
namespace berth::plan {

struct Explanation {
  std::string reason;  // "" = nothing is wrong, it only takes its time
  std::string message;
};

// Why the service is not ready. REQUIRES: it is not.
Explanation explain(const World& world, const ServiceView& service);
// "exited with code 1", "killed by the engine: out of memory (exit code 137)".
std::string describe_exit(const engine::Container& container);
// "is paused".
std::string describe_state(const engine::Container& container);
// The reason for a container that ended: OOMKilled or ContainerExited.
Reason exit_reason(const engine::Container& container);
// "; its last lines:\n..." with at most 5 lines and 1000 bytes of what was collected; "" when there is nothing.
std::string log_suffix(const Input& input, const std::string& service);
// What an engine, a registry or a container said, made fit for a status: valid UTF-8, no control characters, not too long.
std::string clean(const std::string& text, std::size_t longest = 2000);

}  // namespace berth::plan
