#include "crd/managed_update.h"

#include <algorithm>
#include <array>

#include "crd/fields.h"
#include "crd/typed_value.h"

namespace berth::crd {
namespace {

// What of metadata has owners; the rest is the server's.
constexpr std::array<std::string_view, 5> kOwnedMetadata = {"annotations", "finalizers", "generateName", "labels",
                                                            "ownerReferences"};
constexpr std::string_view kBeforeFirstApply = "before-first-apply";

bool is_tracked(ObjectPart part, std::string_view field) {
  if (field == "apiVersion" || field == "kind") return false;
  if (part == ObjectPart::Status) return field == "status";
  return part == ObjectPart::Whole || field != "status";
}

const json* part_of(const json* object, std::string_view name) { return object ? find_member(*object, name) : nullptr; }

const MergeType& type_of(const MergeType& type, std::string_view name) {
  const MergeType* known = type.member(name);
  return known ? *known : *deduced_merge_type();
}

Comparison compare_members(const MergeType& type, const json* before, const json* after, const std::vector<std::string_view>& names) {
  Comparison out;
  for (const auto name : names) {
    const json* left = part_of(before, name);
    const json* right = part_of(after, name);
    if (!left && !right) continue;
    Comparison below = compare_typed(type_of(type, name), left, right);
    out.added.add(field_element(name), std::move(below.added));
    out.modified.add(field_element(name), std::move(below.modified));
    out.removed.add(field_element(name), std::move(below.removed));
  }
  return out;
}

std::vector<std::string_view> tracked_names(ObjectPart part, const json* before, const json& after) {
  std::vector<std::string_view> names;
  const auto add = [&](const json& object) {
    for (const auto& [name, value] : object.items()) {
      if (is_tracked(part, name) && name != "metadata") names.push_back(name);
    }
  };
  if (part == ObjectPart::Status) return {"status"};
  if (before) add(*before);
  add(after);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Comparison compare_objects(const MergeType& type, ObjectPart part, const json* before, const json& after) {
  Comparison out = compare_members(type, before, &after, tracked_names(part, before, after));
  if (part == ObjectPart::Status) return out;
  const std::vector<std::string_view> names(kOwnedMetadata.begin(), kOwnedMetadata.end());
  Comparison metadata =
      compare_members(type_of(type, "metadata"), part_of(before, "metadata"), part_of(&after, "metadata"), names);
  out.added.add("f:metadata", std::move(metadata.added));
  out.modified.add("f:metadata", std::move(metadata.modified));
  out.removed.add("f:metadata", std::move(metadata.removed));
  return out;
}

// `paths` of a whole object without those that have no owners or belong to the other part.
FieldSet tracked_fields(ObjectPart part, FieldSet paths) {
  FieldSet out;
  for (const auto& child : paths.children()) {
    const std::string_view name = std::string_view(child.element).substr(2);
    if (!is_tracked(part, name)) continue;
    if (name != "metadata") {
      out.add(child.element, child.set);
      continue;
    }
    FieldSet metadata;
    for (const auto owned : kOwnedMetadata) {
      if (const FieldSet* found = child.set.find(field_element(owned))) metadata.add(field_element(owned), *found);
    }
    out.add(child.element, std::move(metadata));
  }
  return out;
}

ManagedEntry* find_manager(ManagedFields& entries, const ManagedEntry& who) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.same_manager(who); });
  return found == entries.end() ? nullptr : &*found;
}

ManagedEntry identity(const FieldWriter& writer, bool applied, ObjectPart part) {
  return {writer.manager, applied, writer.api_version, part == ObjectPart::Status ? "status" : ""};
}

// Whether `entry` can own something of `part`: spares reading sets that have nothing to do with a write of status.
bool may_own(const ManagedEntry& entry, ObjectPart part) {
  return part != ObjectPart::Status || entry.text().find("\"f:status\"") != std::string::npos;
}

void take_away(ManagedEntry& entry, const FieldSet& paths) {
  FieldSet rest = subtract(entry.fields(), paths);
  if (!(rest == entry.fields())) entry.set_fields(std::move(rest));
}

void drop_empty(ManagedFields& entries) {
  std::erase_if(entries, [](const ManagedEntry& entry) { return entry.text() == "{}"; });
}

// Paths in a version that is not served any more say nothing.
void drop_other_versions(ManagedFields& entries, const std::string& version) {
  std::erase_if(entries, [&](const ManagedEntry& entry) { return entry.api_version != version; });
}

// `merged` without what the manager applied `before` and nobody owns now; `applied` is everything that it says now.
json prune_dropped(const MergeType& type, const json& merged, const FieldSet& before, const FieldSet& applied,
                   const ManagedFields& entries) {
  const auto named = [&](const FieldSet& paths) { return with_named_fields(type, paths); };
  const FieldSet last = named(before);
  FieldSet owned = applied;
  for (const auto& entry : entries) owned = unite(owned, entry.fields());

  const FieldSet all = named(fields_of(type, merged));
  const FieldSet kept = named(fields_of(type, remove_typed(type, merged, last)));
  const json pruned = remove_typed(type, merged, subtract(all, unite(kept, named(owned))));
  // What only fell together with its parent, and was never applied by this manager, stays.
  const FieldSet left = named(fields_of(type, pruned));
  return remove_typed(type, merged, intersect(subtract(all, left), last));
}

struct FieldConflict {
  std::string manager;
  std::string path;
};

Error conflict_error(const std::vector<FieldConflict>& conflicts) {
  Error error = base::error(Reason::Conflict, "");
  for (const auto& conflict : conflicts) {
    error.causes.push_back({"FieldManagerConflict", "conflict with " + conflict.manager, conflict.path});
  }
  if (conflicts.size() == 1) {
    error.message = "Apply failed with 1 conflict: conflict with " + conflicts[0].manager + ": " + conflicts[0].path;
    return error;
  }
  error.message = "Apply failed with " + std::to_string(conflicts.size()) + " conflicts: ";
  std::string last;
  for (const auto& conflict : conflicts) {
    if (conflict.manager != last) {
      error.message += (last.empty() ? "" : "\n") + ("conflicts with " + conflict.manager + ":");
      last = conflict.manager;
    }
    error.message += "\n- " + conflict.path;
  }
  return error;
}

}  // namespace

void track_update(const MergeType& type, ObjectPart part, const FieldWriter& writer, const json* before, const json& after,
                  ManagedFields& entries) {
  if (before && entries.empty()) return;
  const Comparison change = compare_objects(type, part, before, after);
  if (change.same()) return;
  drop_other_versions(entries, writer.api_version);
  const FieldSet taken = unite(change.added, change.modified);
  const FieldSet gone = unite(taken, change.removed);
  const ManagedEntry who = identity(writer, false, part);
  for (auto& entry : entries) {
    if (!entry.same_manager(who) && may_own(entry, part)) take_away(entry, gone);
  }
  ManagedEntry* own = find_manager(entries, who);
  if (!own && !taken.empty()) own = &entries.emplace_back(who);
  if (own) {
    FieldSet fields = unite(subtract(own->fields(), change.removed), taken);
    if (!(fields == own->fields())) own->set_fields(std::move(fields));
    if (!taken.empty()) own->time = writer.time;
  }
  drop_empty(entries);
  cap_update_managers(entries);
}

Result<ApplyOutcome> apply_config(const ApplyRequest& request, const json* live, const json& config, ManagedFields& entries) {
  static const json kNothing = json::object();
  const MergeType& type = request.type;
  const json& old = live ? *live : kNothing;
  ManagedFields next = entries;
  drop_other_versions(next, request.writer.api_version);
  if (next.empty() && live) {
    ManagedEntry first(std::string(kBeforeFirstApply), false, request.writer.api_version,
                       request.part == ObjectPart::Status ? "status" : "");
    first.set_fields(compare_objects(type, request.part, nullptr, old).added);
    first.time = request.writer.time;
    if (!first.fields().empty()) next.push_back(std::move(first));
  }
  const ManagedEntry who = identity(request.writer, true, request.part);
  ManagedEntry* own = find_manager(next, who);
  if (!own) own = &next.emplace_back(who);
  const FieldSet before = own->fields();
  const FieldSet said = fields_of(type, config);
  FieldSet applied = tracked_fields(request.part, said);
  if (!(applied == before)) own->set_fields(std::move(applied));
  own->api_version = request.writer.api_version;

  ApplyOutcome outcome;
  outcome.body = merge_typed(type, old, config);
  // What became empty by pruning is still there if the configuration says so.
  if (!before.empty()) outcome.body = merge_typed(type, prune_dropped(type, outcome.body, before, said, next), config);
  const Comparison change = compare_objects(type, request.part, live, outcome.body);
  const FieldSet taken = unite(change.added, change.modified);
  std::vector<FieldConflict> conflicts;
  for (auto& entry : next) {
    if (&entry == own || !may_own(entry, request.part)) continue;
    const FieldSet contested = subtract(intersect(entry.fields(), taken), request.force ? FieldSet() : request.yields);
    if (!request.force) {
      for (auto& path : contested.paths()) conflicts.push_back({entry.title(), std::move(path)});
    }
    take_away(entry, unite(taken, change.removed));
  }
  if (!conflicts.empty()) {
    std::stable_sort(conflicts.begin(), conflicts.end(), [](const auto& a, const auto& b) { return a.manager < b.manager; });
    return conflict_error(conflicts);
  }
  outcome.changed = !live || outcome.body != old;
  if (outcome.changed || request.stamp) own->time = request.writer.time;
  drop_empty(next);
  entries = std::move(next);
  return outcome;
}

FieldSet agreed_fields(const MergeType& type, ObjectPart part, const json& config, const json& live) {
  const Comparison change = compare_objects(type, part, &config, live);
  const FieldSet all = tracked_fields(part, fields_of(type, config));
  return subtract(all, unite(unite(change.added, change.modified), change.removed));
}

}  // namespace berth::crd
