#include "api/server/impersonation.h"

#include <gtest/gtest.h>

#include "api/server/access.h"

namespace berth::api {
namespace {

http::ServerRequest asking(std::string name, std::string value) {
  http::ServerRequest request;
  request.headers = {{"Host", "localhost"}, {"Authorization", "Bearer secret"}, {std::move(name), std::move(value)}};
  return request;
}

TEST(Impersonation, IsRefusedInEveryForm) {
  for (const auto* name : {"Impersonate-User", "impersonate-user", "Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-scopes"}) {
    auto request = asking(name, "bob");
    ASSERT_TRUE(check_impersonation(request).has_error()) << name;
    EXPECT_EQ(check_impersonation(request).error().reason, Reason::Forbidden);
    EXPECT_EQ(check_access(request, "secret", false).error().reason, Reason::Forbidden);
    request.over_unix_socket = true;
    EXPECT_EQ(check_access(request, "secret", false).error().reason, Reason::Forbidden);
  }
  EXPECT_EQ(check_impersonation(asking("Impersonate-User", "bob")).error().message,
            "users \"bob\" is forbidden: User \"admin\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope: "
            "berth has one user");
}

TEST(Impersonation, DoesNotTouchOtherRequests) {
  EXPECT_TRUE(check_impersonation(asking("X-Impersonate-User", "bob")).has_value());
  EXPECT_TRUE(check_impersonation(asking("Impersonate", "bob")).has_value());
}

TEST(Impersonation, IsNotLookedAtBeforeTheToken) {
  EXPECT_EQ(check_access(asking("Impersonate-User", "bob"), "other", false).error().reason, Reason::Unauthorized);
}

}  // namespace
}  // namespace berth::api
