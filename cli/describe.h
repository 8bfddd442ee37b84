#pragma once

#include <string>
#include <vector>

#include "crd/scheme.h"

namespace berth::cli {

// The text of `describe`: what an environment is, how it is, its services with ports and endpoints, its conditions and
// the events about it. Pure.
std::string describe_environment(const Object& environment, const std::vector<ObjectPtr>& events, base::SystemTime now);
// Any other object: its head, its YAML, its events.
std::string describe_object(const crd::ResourceInfo& resource, const Object& object,
                            const std::vector<ObjectPtr>& events, base::SystemTime now);
// Those of `events` that are about `object`, the oldest first.
std::vector<ObjectPtr> events_about(const std::vector<ObjectPtr>& events, const Object& object);

}  // namespace berth::cli
