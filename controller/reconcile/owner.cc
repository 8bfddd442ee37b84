#include "controller/reconcile/owner.h"

#include "controller/plan/names.h"

namespace berth::reconcile {

std::optional<Owner> owner_of(const engine::Labels& labels, const std::string& instance) {
  if (instance.empty() || plan::label(labels, plan::kInstanceLabel) != instance) return std::nullopt;
  Owner owner{{plan::label(labels, plan::kNamespaceLabel), plan::label(labels, plan::kEnvironmentLabel)},
              plan::label(labels, plan::kUidLabel)};
  if (owner.uid.empty()) return std::nullopt;
  return owner;
}

std::string service_of(const engine::Labels& labels) { return plan::label(labels, plan::kServiceLabel); }

}  // namespace berth::reconcile
