#pragma once

#include <string>
#include <vector>

#include "crd/scheme.h"

namespace berth::cli {

// Objects of one resource that a person named; no names = all of it.
struct Targets {
  const crd::ResourceInfo* resource = nullptr;
  std::vector<std::string> names;
  bool type_assumed = false;  // the words were names without a type: TestEnvironment
};

// "te a b", "te/a lease/b", "te,events", "" (TestEnvironments) or just names of TestEnvironments.
// Errors: BadRequest (mixed forms, unknown type before a slash, names with several types).
Result<std::vector<Targets>> parse_targets(const crd::Scheme& scheme, const std::vector<std::string>& words);

// "testenvironments (te, env), events (ev), ..." for messages.
std::string known_types(const crd::Scheme& scheme);
const crd::ResourceInfo& environments(const crd::Scheme& scheme);
// REQUIRES: a built-in kind.
const crd::ResourceInfo& resource_of(const crd::Scheme& scheme, std::string_view group, std::string_view version,
                                     std::string_view plural);

}  // namespace berth::cli
