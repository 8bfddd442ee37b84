#include "api/server/route.h"

#include <algorithm>
#include <vector>

namespace berth::api {

namespace {

using Kind = Route::Kind;
using Segments = std::vector<std::string>;

Segments split(std::string_view path) {
  Segments segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return segments;
  for (std::size_t start = 0; start <= path.size();) {
    const auto slash = std::min(path.find('/', start), path.size());
    segments.emplace_back(path.substr(start, slash - start));
    start = slash + 1;
  }
  return segments;
}

bool serves_group(const crd::Scheme& scheme, std::string_view group) {
  return std::any_of(scheme.resources().begin(), scheme.resources().end(),
                     [group](const auto& resource) { return resource.gvk.group == group; });
}

bool serves_version(const crd::Scheme& scheme, std::string_view group, std::string_view version) {
  return std::any_of(scheme.resources().begin(), scheme.resources().end(), [&](const auto& resource) {
    return resource.gvk.group == group && resource.gvk.version == version;
  });
}

// What follows "namespaces/{ns}" or the version: {plural}[/{name}[/{subresource}]].
Route resource_route(const crd::Scheme& scheme, Route route, const Segments& rest, bool in_namespace) {
  if (rest.empty() || rest.size() > 3) return {};
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

Route versioned_route(const crd::Scheme& scheme, Route route, const Segments& rest) {
  if (!serves_version(scheme, route.group, route.version)) return {};
  if (rest.empty()) {
    route.kind = Kind::Resources;
    return route;
  }
  const bool names_namespace = rest[0] == "namespaces" && rest.size() > 2 && rest[2] != "status";
  if (!names_namespace) return resource_route(scheme, std::move(route), rest, false);
  route.ns = rest[1];
  return resource_route(scheme, std::move(route), Segments(rest.begin() + 2, rest.end()), true);
}

Route plain_route(const Segments& segments) {
  if (segments.empty()) return {.kind = Kind::Root};
  if (segments.size() == 3 && segments[0] == "berth" && segments[1] == "v1" && segments[2] == "reap") {
    return {.kind = Kind::Reap};
  }
  if (segments.size() != 1) return {};
  const auto& word = segments[0];
  if (word == "healthz" || word == "livez") return {.kind = Kind::Health};
  if (word == "readyz") return {.kind = Kind::Ready};
  if (word == "version") return {.kind = Kind::Version};
  if (word == "metrics") return {.kind = Kind::Metrics};
  if (word == "api") return {.kind = Kind::CoreVersions};
  if (word == "apis") return {.kind = Kind::Groups};
  return {};
}

}  // namespace

Route parse_route(const crd::Scheme& scheme, std::string_view path) {
  const auto segments = split(path);
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
    return versioned_route(scheme, std::move(route), Segments(segments.begin() + 3, segments.end()));
  }
  return plain_route(segments);
}

bool is_open(Route::Kind kind) {
  return kind == Kind::Health || kind == Kind::Ready || kind == Kind::Version || kind == Kind::Metrics;
}

}  // namespace berth::api
