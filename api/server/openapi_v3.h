#pragma once

#include "api/server/served_resources.h"

namespace berth::api {

// The OpenAPI v3 document of one version: paths, and components.schemas for its kinds, their lists, and what of meta/v1 they refer to.
// Pure.
json openapi_v3(const crd::Scheme& scheme, const GroupVersion& version);

}  // namespace berth::api
