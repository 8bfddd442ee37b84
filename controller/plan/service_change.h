#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/test_environment.h"

namespace berth::plan {

// What a change to a field of a service does to its container. The later ones outweigh the earlier.
enum class Effect {
  InPlace,  // nothing on the engine: berth looks at it by itself
  Update,   // the engine changes the container that runs
  Replace,  // a new container
};
// "in place", "in place, by the engine", "a new container".
std::string_view in_words(Effect effect);

struct ServiceField {
  std::string_view name;  // as manifests have it: "ports[].env"
  Effect effect;
  std::string_view note;  // for people, may be ""
  // Of those that replace: what spec_hash() covers, under this key; null = not said, which hashes as if there were no such field.
  std::string_view key;
  crd::json (*value)(const crd::Service& service);
  // Of the others.
  bool (*differs)(const crd::Service& before, const crd::Service& after);
};
// Every field of a service: what a change to it does is decided here and nowhere else. docs/changes.md shows it.
const std::vector<ServiceField>& service_fields();

struct ServiceChange {
  std::vector<std::string_view> fields;  // those that differ, as in service_fields()
  Effect effect = Effect::InPlace;       // of all together
};
// Ports are compared as the manifest has them; which host port is leased for one decides as well (spec_hash()).
ServiceChange change_of(const crd::Service& before, const crd::Service& after);

// Whether a limit goes from some to none: an engine changes a limit in place, but takes 0 for "as it is".
bool lifts_limit(const crd::Resources& before, const crd::Resources& after);
bool uses_image_healthcheck(const crd::Service& service);

// All that is fixed when a container is made, by key, as the service says it: spec_hash() puts the values of variables, what is leased and
// what the dependencies are made with in its place.
crd::json fixed_content(const crd::Service& service);

// The table of docs/changes.md.
std::string service_fields_table();

}  // namespace berth::plan
