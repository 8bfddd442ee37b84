#include "controller/reconcile/owner.h"

#include "controller/plan/names.h"

namespace berth::reconcile {

namespace {

std::string label(const engine::Labels& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace

std::optional<Owner> owner_of(const engine::Labels& labels, const std::string& instance) {
  if (instance.empty() || label(labels, plan::kInstanceLabel) != instance) return std::nullopt;
  Owner owner{{label(labels, plan::kNamespaceLabel), label(labels, plan::kEnvironmentLabel)},
              label(labels, plan::kUidLabel)};
  if (owner.uid.empty()) return std::nullopt;
  return owner;
}

std::string service_of(const engine::Labels& labels) { return label(labels, plan::kServiceLabel); }

}  // namespace berth::reconcile
