#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/plan/environment_plan.h"

namespace berth::plan {

// What becomes of a service when the spec changes.
enum class Outcome { Unchanged, InPlace, Replaced, Added, Removed };
std::string_view to_string(Outcome outcome);

struct ServiceOutcome {
  std::string service;
  Outcome outcome = Outcome::Unchanged;
  std::vector<std::string> fields;  // of the service that differ, as in the manifest
  std::string why;                  // of what is replaced though none of its fields asks for it; else ""
};

// Both inputs are of one environment; their specs are those of the two bodies, which passed the schema. The leases that `before` holds
// are kept, and a port that has none yet gets one. In the order of the new spec, then those that go.
std::vector<ServiceOutcome> outcomes(const Input& before, const crd::json& old_spec, Input after, const crd::json& new_spec);

}  // namespace berth::plan
