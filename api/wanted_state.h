#pragma once

#include <string>
#include <vector>

#include "api/decode.h"
#include "api/patch.h"
#include "api/registry.h"

// From what is stored and what a request asks for to what is to be stored. Pure; nothing here waits.
namespace berth::api {

// An object as somebody wants it to be.
struct WantedState {
  json body;               // decoded, see Decoded
  json managed;            // null: what is stored counts
  bool accounted = false;  // managed already says who owns what after this write; else it is where the accounting begins
  bool restamped = false;  // the times in managed count even if nothing else changed
  bool patched = false;    // made from what is stored
};

// What a write knows besides.
struct WriteContext {
  const crd::ResourceInfo& resource;
  const WriteOptions& options;
  std::string now;      // metav1.Time
  bool status = false;  // a write of the status subresource
};

WantedState wanted_of(Decoded decoded);

// The result of a patch on what is stored; of an Apply `old` may be null. Errors: BadRequest, Invalid, RequestEntityTooLarge, Conflict.
Result<WantedState> patch_state(const WriteContext& context, const Patch& patch, const Object* old);

// The body to store: what is the server's is as stored, the status or everything else too, and the rules hold. Errors: those of
// Registry.
Result<json> next_state(const WriteContext& context, const ObjectKey& key, WantedState wanted, const Object& old);

// Puts metadata.managedFields as they are after this write. `old`: null for a new object.
void account(const WriteContext& context, const WantedState& wanted, const json* old, json& body);

// Whether a write would change nothing but times of managedFields.
bool same_but_times(const json& body, const json& old);

// Gives `metadata` the marks of the watched directories that `old` has, whatever it says itself.
void keep_source_marks(json& metadata, const json& old);

// Schema and rules. `old`: null for a new object.
std::vector<Cause> validate_content(const crd::ResourceInfo& resource, const json& body, const json* old);

}  // namespace berth::api
