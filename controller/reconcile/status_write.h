#pragma once

#include "api/registry.h"

namespace berth::reconcile {

// Writes `status` of `object` as berth itself, whatever else changed meanwhile; nothing where it says the same already. An object that
// went is no error. Loop thread only. Errors: those of Registry::update_status().
Task<Result<void>> write_status(api::Registry& registry, const crd::ResourceInfo& resource, ObjectPtr object, json status);

}  // namespace berth::reconcile
