#pragma once

#include <string>
#include <string_view>

#include "crd/scheme.h"

namespace berth::api {

// What a path names. Pure.
struct Route {
  enum class Kind {
    Root,          // /
    Health,        // /healthz, /livez[/{name}]
    Ready,         // /readyz[/{name}]
    Version,       // /version
    Metrics,       // /metrics
    CoreVersions,  // /api
    Groups,        // /apis
    Group,         // /apis/{group}
    CustomKinds,   // /apis/apiextensions.k8s.io/v1/customresourcedefinitions
    Resources,     // /api/v1, /apis/{group}/{version}
    Collection,    // .../{plural}
    Item,          // .../{plural}/{name}
    Subresource,   // .../{plural}/{name}/{subresource}
    Review,        // /apis/{group}/{version}/{plural} of a virtual resource; `name` is the plural
    OpenApiV2,     // /openapi/v2
    OpenApiV3,     // /openapi/v3[/{name}], `name` as in "api/v1", "apis/berth.dev/v1alpha1"
    Reap,          // /berth/v1/reap
    Backup,        // /berth/v1/backup
    Debug,         // /berth/v1/{name}: top, why, preview, inspect, archive
    Unknown,
  };
  Kind kind = Kind::Unknown;
  std::string group;
  std::string version;
  const crd::ResourceInfo* resource = nullptr;  // Collection, Item, Subresource
  std::string ns;                               // "" for cluster-scoped ones, and for a collection over all namespaces
  std::string name;
  std::string subresource;

  ObjectKey key() const { return {ns, name}; }
};

// `path` is percent-decoded. A slash at the end is ignored, two in a row are Unknown.
Route parse_route(const crd::Scheme& scheme, std::string_view path);

// Whether anybody may read it over TCP without a token: health, version, metrics.
bool is_open(Route::Kind kind);

}  // namespace berth::api
