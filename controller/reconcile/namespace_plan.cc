#include "controller/reconcile/namespace_plan.h"

#include "crd/fields.h"

namespace berth::reconcile {

namespace {

struct NamespaceCondition {
  const char* type;
  bool status;
  std::string reason;
  std::string message;
};

// lastTransitionTime is kept while the status is the same.
void lay_down(json& conditions, const NamespaceCondition& condition, base::SystemTime now) {
  json next = {{"type", condition.type},
               {"status", condition.status ? "True" : "False"},
               {"reason", condition.reason},
               {"message", condition.message},
               {"lastTransitionTime", base::format_time(now)}};
  for (json& old : conditions) {
    if (crd::text_at(old, "type") != condition.type) continue;
    if (old.contains("lastTransitionTime") && crd::text_at(old, "status") == crd::text_at(next, "status")) {
      next["lastTransitionTime"] = old["lastTransitionTime"];
    }
    old = std::move(next);
    return;
  }
  conditions.push_back(std::move(next));
}

std::string counted_instances(const std::map<std::string, std::size_t>& amounts, const char* between) {
  std::string text;
  for (const auto& [name, count] : amounts) {
    text += (text.empty() ? "" : ", ") + name + between + std::to_string(count) + " resource instances";
  }
  return text;
}

NamespaceCondition content_condition(const NamespaceContent& content) {
  constexpr const char* kType = "NamespaceContentRemaining";
  if (content.kinds.empty()) return {kType, false, "ContentRemoved", "All content successfully removed"};
  return {kType, true, "SomeResourcesRemain", "Some resources are remaining: " + counted_instances(content.kinds, " has ")};
}

NamespaceCondition finalizer_condition(const NamespaceContent& content) {
  constexpr const char* kType = "NamespaceFinalizersRemaining";
  if (content.finalizers.empty()) return {kType, false, "ContentHasNoFinalizers", "All content-preserving finalizers finished"};
  return {kType, true, "SomeFinalizersRemain",
          "Some content in the namespace has finalizers remaining: " + counted_instances(content.finalizers, " in ")};
}

NamespaceCondition failure_condition(const NamespaceContent& content) {
  constexpr const char* kType = "NamespaceDeletionContentFailure";
  if (content.failure.empty()) {
    return {kType, false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization"};
  }
  return {kType, true, "ContentDeletionFailed", "Failed to delete all resource types: " + content.failure};
}

}  // namespace

void count_content(NamespaceContent& content, const crd::ResourceInfo& resource, const Object& object) {
  // A core kind has no group: "pods.".
  ++content.kinds[resource.plural + "." + resource.gvk.group];
  for (const json& finalizer : crd::array_at(object.body().at("metadata"), "finalizers")) {
    if (finalizer.is_string()) ++content.finalizers[finalizer.get<std::string>()];
  }
}

json terminating_status(const json& status, const NamespaceContent& content, base::SystemTime now) {
  json next = status;
  next["phase"] = "Terminating";
  json conditions = crd::array_at(next, "conditions");
  lay_down(conditions,
           {"NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"}, now);
  lay_down(conditions,
           {"NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed"},
           now);
  lay_down(conditions, failure_condition(content), now);
  lay_down(conditions, content_condition(content), now);
  lay_down(conditions, finalizer_condition(content), now);
  next["conditions"] = std::move(conditions);
  return next;
}

}  // namespace berth::reconcile
