#pragma once

#include <string>
#include <vector>

#include "crd/scheme.h"

namespace berth::api {

// The discovery documents: what a client learns of groups, versions, resources and verbs. Pure; made from the Scheme and the table of
// virtual resources (served_resources.h).

// "/": every path that is no object. `checks` are the names of single health checks, "readyz/ping".
json root_paths(const crd::Scheme& scheme, const std::vector<std::string>& checks);

// The legacy form, one document for each level.
json api_versions(const std::string& server_address);                 // /api
json api_group_list(const crd::Scheme& scheme);                       // /apis
json api_group(const crd::Scheme& scheme, const std::string& group);  // /apis/{group}
json api_resource_list(const crd::Scheme& scheme, const std::string& group, const std::string& version);

// The aggregated form (apidiscovery.k8s.io/v2): all of /api (`core`) or of /apis in one document.
json aggregated_discovery(const crd::Scheme& scheme, bool core);

// The custom kinds by name, as kubectl looks for a kind that the OpenAPI documents do not have: it wants to know that there is none.
json custom_kinds(const crd::Scheme& scheme);

// /version: shaped as Kubernetes' so that its clients accept it; berth's own version is in berthVersion.
json version_info(const std::string& version);

}  // namespace berth::api
