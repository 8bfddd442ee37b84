#pragma once

#include "api/server/served_resources.h"

namespace berth::api {

// Adds to `paths` (of an OpenAPI v3 document) every path of a resource, with an operation for each verb that it allows: collections,
// objects, all namespaces, subresources.
void add_paths(const ServedResource& resource, json& paths);

// The Content-Types that a patch of an object of the group may have. Custom resources are without strategic merge patches, or kubectl
// would send them.
std::vector<std::string> patch_types(std::string_view group);

}  // namespace berth::api
