#include "api/server/route.h"

#include <gtest/gtest.h>

#include "api/client/http_client.h"

namespace berth::api {
namespace {

using Kind = Route::Kind;

const crd::Scheme& scheme() {
  static const auto kScheme = crd::Scheme::builtin();
  return kScheme;
}

Route route(std::string_view path) { return parse_route(scheme(), path); }

TEST(Route, FindsWhatIsNoResource) {
  EXPECT_EQ(route("/").kind, Kind::Root);
  EXPECT_EQ(route("/healthz").kind, Kind::Health);
  EXPECT_EQ(route("/readyz").kind, Kind::Ready);
  EXPECT_EQ(route("/metrics").kind, Kind::Metrics);
  EXPECT_EQ(route("/version/").kind, Kind::Version);
  EXPECT_EQ(route("/api/").kind, Kind::CoreVersions);
  EXPECT_EQ(route("/api/v1").kind, Kind::Resources);
  EXPECT_EQ(route("/apis").kind, Kind::Groups);
  EXPECT_EQ(route("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").kind, Kind::CustomKinds);
  EXPECT_EQ(route("/apis/apiextensions.k8s.io/v1/other").kind, Kind::Unknown);
  EXPECT_EQ(route("/apis/berth.dev").kind, Kind::Group);
  EXPECT_EQ(route("/apis/berth.dev/v1alpha1").kind, Kind::Resources);
  EXPECT_EQ(route("/berth/v1/reap").kind, Kind::Reap);
  EXPECT_EQ(route("/berth/v1/backup").kind, Kind::Backup);
  EXPECT_EQ(route("/openapi/v2").kind, Kind::OpenApiV2);
}

TEST(Route, FindsHealthChecks) {
  EXPECT_EQ(route("/livez/ping").kind, Kind::Health);
  EXPECT_EQ(route("/livez/ping").name, "ping");
  EXPECT_EQ(route("/readyz/controllers").kind, Kind::Ready);
  EXPECT_EQ(route("/readyz").name, "");
}

TEST(Route, FindsOpenApiDocuments) {
  EXPECT_EQ(route("/openapi/v3").kind, Kind::OpenApiV3);
  EXPECT_EQ(route("/openapi/v3/").name, "");
  EXPECT_EQ(route("/openapi/v3/api/v1").name, "api/v1");
  EXPECT_EQ(route("/openapi/v3/apis/berth.dev/v1alpha1").name, "apis/berth.dev/v1alpha1");
}

TEST(Route, FindsReviews) {
  const auto review = route("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  EXPECT_EQ(review.kind, Kind::Review);
  EXPECT_EQ(review.name, "selfsubjectaccessreviews");
  EXPECT_EQ(review.group, "authorization.k8s.io");
  EXPECT_EQ(route("/apis/authentication.k8s.io/v1").kind, Kind::Resources);
  EXPECT_EQ(route("/apis/authentication.k8s.io").kind, Kind::Group);
  EXPECT_EQ(route("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x").kind, Kind::Unknown);
  EXPECT_EQ(route("/apis/authorization.k8s.io/v1/namespaces/a/selfsubjectaccessreviews").kind, Kind::Unknown);
}

TEST(Route, FindsObjectsOfEveryScope) {
  const auto item = route("/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/web");
  EXPECT_EQ(item.kind, Kind::Item);
  EXPECT_EQ(item.resource->gvk.kind, "TestEnvironment");
  EXPECT_EQ(item.key(), (ObjectKey{"ci", "web"}));
  const auto status = route("/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/web/status");
  EXPECT_EQ(status.kind, Kind::Subresource);
  EXPECT_EQ(status.subresource, "status");
  EXPECT_EQ(route("/apis/berth.dev/v1alpha1/testenvironments").kind, Kind::Collection);
  EXPECT_EQ(route("/apis/berth.dev/v1alpha1/testenvironments").ns, "");
  EXPECT_EQ(route("/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/").kind, Kind::Collection);
  const auto ns = route("/api/v1/namespaces/ci");
  EXPECT_EQ(ns.kind, Kind::Item);
  EXPECT_EQ(ns.key(), (ObjectKey{"", "ci"}));
  EXPECT_EQ(route("/api/v1/namespaces/ci/status").subresource, "status");
  EXPECT_EQ(route("/api/v1/namespaces/ci/events").resource->plural, "events");
  EXPECT_EQ(route("/apis/coordination.k8s.io/v1/namespaces/ci/leases/x").kind, Kind::Item);
}

TEST(Route, KnowsNothingElse) {
  for (const auto* path : {"//apis", "/apis//berth.dev", "/nope", "/api/v2", "/apis/nope.dev", "/apis/berth.dev/v2",
                           "/apis/berth.dev/v1alpha1/nopes", "/apis/berth.dev/v1alpha1/testenvironments/web",
                           "/apis/berth.dev/v1alpha1/namespaces", "/apis/berth.dev/v1alpha1/namespaces/ci",
                           "/api/v1/namespaces/ci/namespaces", "/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/a/b/c",
                           "/berth/v1", "/healthz/x/y", "/berth/v1/reap/x", "/openapi", "/openapi/v2/x", "/openapi/v4"}) {
    EXPECT_EQ(route(path).kind, Kind::Unknown) << path;
  }
}

TEST(Route, IsWhatTheClientAsksFor) {
  for (const auto& resource : scheme().resources()) {
    const auto ns = resource.namespaced ? std::string("ci") : std::string();
    const auto item = route(resource_path(resource, ns, "x"));
    EXPECT_EQ(item.kind, Kind::Item) << resource.plural;
    EXPECT_EQ(item.resource, &resource);
    EXPECT_EQ(item.key(), (ObjectKey{ns, "x"}));
    EXPECT_EQ(route(resource_path(resource, "", "")).kind, Kind::Collection);
  }
}

TEST(Route, OpensOnlyHealthVersionAndMetrics) {
  for (const auto kind : {Kind::Health, Kind::Ready, Kind::Version, Kind::Metrics}) EXPECT_TRUE(is_open(kind));
  for (const auto kind : {Kind::Root, Kind::CoreVersions, Kind::Groups, Kind::Collection, Kind::Item, Kind::Subresource, Kind::Reap,
                          Kind::Unknown}) {
    EXPECT_FALSE(is_open(kind));
  }
}

}  // namespace
}  // namespace berth::api
