#pragma once

#include "api/http/server.h"
#include "api/patch.h"
#include "api/registry.h"
#include "api/server/route.h"

namespace berth::api {

// What sort of patch a PATCH request carries. Errors: UnsupportedMediaType, with the types that objects of this kind take.
Result<PatchType> patch_type(std::string_view content_type, const crd::ResourceInfo& resource);

// The patch itself; `force` is of the options. Errors: BadRequest for what is no JSON, or no YAML for an Apply.
Result<Patch> read_patch(PatchType type, const std::string& body);

}  // namespace berth::api
