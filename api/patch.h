#pragma once

#include <string>
#include <vector>

#include "crd/object.h"

namespace berth::api {

enum class PatchType { Json, Merge, StrategicMerge, Apply };

// A change of an object, as a PATCH request carries it.
struct Patch {
  PatchType type = PatchType::Merge;
  json body;
  bool force = false;                      // Apply: takes fields over from other managers
  std::vector<std::string> problems = {};  // what a strict reading of its text refuses: duplicate field "spec.image"
};

struct Patched {
  ObjectPtr object;
  bool created = false;  // by an apply
};

}  // namespace berth::api
