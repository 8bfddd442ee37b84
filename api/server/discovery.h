#pragma once

#include <string>

#include "crd/scheme.h"

namespace berth::api {

// The legacy discovery documents, from the Scheme. Pure.
json root_paths(const crd::Scheme& scheme);
json api_versions(const std::string& server_address);                          // /api
json api_group_list(const crd::Scheme& scheme);                                // /apis
json api_group(const crd::Scheme& scheme, const std::string& group);           // /apis/{group}
json api_resource_list(const crd::Scheme& scheme, const std::string& group, const std::string& version);
// /version: shaped as Kubernetes' so that its clients accept it; berth's own version is in berthVersion.
json version_info(const std::string& version);

}  // namespace berth::api
