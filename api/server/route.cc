#include "api/server/route.h"

#include <algorithm>
#include <vector>

#include "api/server/served_resources.h"
#include "base/text.h"

namespace berth::api {

namespace {

using Kind = Route::Kind;
using Segments = std::vector<std::string>;

Segments segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  const auto segments = base::split(path, '/');
  return {segments.begin(), segments.end()};
}

// What follows "namespaces/{ns}" or the version: {plural}[/{name}[/{subresource}]].
Route resource_route(const crd::Scheme& scheme, Route route, const Segments& rest, bool in_namespace) {
  if (rest.empty() || rest.size() > 3) return {};
  if (find_virtual(route.group, route.version, rest[0])) {
    if (in_namespace || rest.size() > 1) return {};
    route.kind = Kind::Review;
    route.name = rest[0];
    return route;
  }
  route.resource = scheme.find(route.group, route.version, rest[0]);
  if (!route.resource) return {};
  const bool over_all = route.resource->namespaced && !in_namespace;
  if (in_namespace && !route.resource->namespaced) return {};
  if (over_all && rest.size() > 1) return {};
  route.kind = Kind::Collection;
  if (rest.size() > 1) {
    route.kind = Kind::Item;
    route.name = rest[1];
  }
  if (rest.size() > 2) {
    route.kind = Kind::Subresource;
    route.subresource = rest[2];
  }
  return route;
}

// Whether "namespaces/{ns}/{word}" names what is in the namespace, and not a part of the namespace itself.
bool is_in_namespace(const crd::Scheme& scheme, const Route& route, const Segments& rest) {
  if (rest[0] != "namespaces" || rest.size() < 3) return false;
  const auto* itself = scheme.find(route.group, route.version, rest[0]);
  if (!itself || rest.size() > 3) return true;
  const auto& parts = itself->subresources;
  return rest[2] != "status" && std::none_of(parts.begin(), parts.end(), [&](const auto& part) { return part.name == rest[2]; });
}

Route versioned_route(const crd::Scheme& scheme, Route route, const Segments& rest) {
  if (!serves_version(scheme, route.group, route.version)) return {};
  if (rest.empty()) {
    route.kind = Kind::Resources;
    return route;
  }
  if (!is_in_namespace(scheme, route, rest)) return resource_route(scheme, std::move(route), rest, false);
  route.ns = rest[1];
  return resource_route(scheme, std::move(route), Segments(rest.begin() + 2, rest.end()), true);
}

Route openapi_route(const Segments& segments) {
  if (segments.size() < 2) return {};
  if (segments[1] == "v2") return {.kind = segments.size() == 2 ? Kind::OpenApiV2 : Kind::Unknown};
  if (segments[1] != "v3") return {};
  Route route;
  route.kind = Kind::OpenApiV3;
  for (std::size_t i = 2; i < segments.size(); ++i) route.name += (i == 2 ? "" : "/") + segments[i];
  return route;
}

Route plain_route(const Segments& segments) {
  if (segments.empty()) return {.kind = Kind::Root};
  if (segments.size() == 3 && segments[0] == "berth" && segments[1] == "v1") {
    if (segments[2] == "reap") return {.kind = Kind::Reap};
    if (segments[2] == "backup") return {.kind = Kind::Backup};
    for (const auto* name : {"top", "why", "preview", "inspect", "archive"}) {
      if (segments[2] == name) return {.kind = Kind::Debug, .name = name};
    }
  }
  const auto& word = segments[0];
  if (word == "openapi") return openapi_route(segments);
  if (word == "healthz" || word == "livez" || word == "readyz") {
    const auto kind = word == "readyz" ? Kind::Ready : Kind::Health;
    if (segments.size() > 2) return {};
    return {.kind = kind, .name = segments.size() == 2 ? segments[1] : std::string()};
  }
  if (segments.size() != 1) return {};
  if (word == "version") return {.kind = Kind::Version};
  if (word == "metrics") return {.kind = Kind::Metrics};
  if (word == "api") return {.kind = Kind::CoreVersions};
  if (word == "apis") return {.kind = Kind::Groups};
  return {};
}

}  // namespace

Route parse_route(const crd::Scheme& scheme, std::string_view path) {
  const auto segments = segments_of(path);
  if (std::any_of(segments.begin(), segments.end(), [](const auto& s) { return s.empty(); })) return {};
  if (segments.size() >= 2 && segments[0] == "api") {
    Route route;
    route.version = segments[1];
    return versioned_route(scheme, std::move(route), Segments(segments.begin() + 2, segments.end()));
  }
  if (segments.size() >= 2 && segments[0] == "apis") {
    Route route;
    route.group = segments[1];
    if (segments.size() == 2) {
      route.kind = serves_group(scheme, route.group) ? Kind::Group : Kind::Unknown;
      return route;
    }
    route.version = segments[2];
    const bool of_definitions = route.group == "apiextensions.k8s.io" && route.version == "v1";
    if (of_definitions && segments.size() == 4 && segments[3] == "customresourcedefinitions") return {.kind = Kind::CustomKinds};
    return versioned_route(scheme, std::move(route), Segments(segments.begin() + 3, segments.end()));
  }
  return plain_route(segments);
}

bool is_open(Route::Kind kind) {
  return kind == Kind::Health || kind == Kind::Ready || kind == Kind::Version || kind == Kind::Metrics;
}

}  // namespace berth::api
