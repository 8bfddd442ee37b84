#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crd/field_set.h"
#include "crd/object.h"

namespace berth::crd {

// One entry of metadata.managedFields: a manager and what it owns. The set is read from its text when somebody asks for it.
class ManagedEntry {
 public:
  std::string manager;
  bool applied = false;     // operation Apply; else Update
  std::string api_version;  // of the paths
  std::string subresource;  // "" or "status"
  std::string time;         // as given; "" when absent

  ManagedEntry() = default;
  ManagedEntry(std::string who, bool applies, std::string version, std::string part)
      : manager(std::move(who)), applied(applies), api_version(std::move(version)), subresource(std::move(part)) {}

  const FieldSet& fields() const;
  void set_fields(FieldSet fields);
  const std::string& text() const;
  void set_text(std::string text);

  // Of appliers the version is no part of who they are.
  bool same_manager(const ManagedEntry& other) const;
  // As conflicts name it: "ctl" with subresource "status" using berth.dev/v1alpha1.
  std::string title() const;

 private:
  mutable std::optional<FieldSet> fields_;
  mutable std::optional<std::string> text_;
};

using ManagedFields = std::vector<ManagedEntry>;

// Reads metadata.managedFields in memory's form (see managed_text.h). nullopt when it is not what it should be: of a wrong operation
// or type, or with fields that cannot be read.
std::optional<ManagedFields> decode_managed_fields(const json& list);
// In the order of a Kubernetes API server: Apply before Update, then by time, then by manager.
json encode_managed_fields(ManagedFields entries);

// [] or [{}]: whoever writes this wants nothing to be tracked any more.
bool resets_managed_fields(const json& list);

// The managers of updates that are told apart; older ones are one, "ancient-changes", beyond that.
inline constexpr std::size_t kMostUpdateManagers = 10;
void cap_update_managers(ManagedFields& entries);

}  // namespace berth::crd
