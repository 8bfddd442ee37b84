#pragma once

#include <string>
#include <vector>

#include "crd/managed_fields.h"
#include "crd/merge_type.h"

// Who owns what after a write: field management as a Kubernetes API server does it. Pure; times are handed in.
namespace berth::crd {

// The part of an object that a write is about. Whole: everything; Main: all but status, which has a subresource of its own; Status:
// that one.
enum class ObjectPart { Whole, Main, Status };

struct FieldWriter {
  std::string manager;
  std::string api_version;
  std::string time;  // now, as metav1.Time
};

// Accounts for a write that made `after` of `before` (null: it is new), by create, update or patch: what changed is the writer's and
// nobody else's, what went belongs to nobody. An object that nobody tracks stays so. Neither needs metadata.managedFields.
void track_update(const MergeType& type, ObjectPart part, const FieldWriter& writer, const json* before, const json& after,
                  ManagedFields& entries);

struct ApplyRequest {
  const MergeType& type;
  ObjectPart part = ObjectPart::Main;
  FieldWriter writer;
  bool force = false;
  // The time of the entry is set even if nothing changes.
  bool stamp = false;
  // Paths that may change hands without force. For what a client applied in another way before.
  FieldSet yields = {};
};
struct ApplyOutcome {
  json body;              // without metadata.managedFields
  bool changed = false;   // whether body differs from the live object
};

// Server-side apply of `config` to `live` (null: there is none): merges, takes away what this manager applied before and no longer
// does unless somebody else owns it, and accounts for it in `entries`. `entries` is as it was when it fails.
// Errors: Conflict with a cause (FieldManagerConflict) for each path that another manager owns with another value.
Result<ApplyOutcome> apply_config(const ApplyRequest& request, const json* live, const json& config, ManagedFields& entries);

// The paths of `config` where `live` says the same.
FieldSet agreed_fields(const MergeType& type, ObjectPart part, const json& config, const json& live);

}  // namespace berth::crd
