#include "api/server/options.h"
#include "api/server/write_options.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

http::ServerRequest request(const std::string& query, http::Headers headers = {}) {
  http::ServerRequest out;
  out.query = http::parse_target("/?" + query).value().query;
  out.headers = std::move(headers);
  return out;
}

crd::ResourceInfo kind() {
  crd::ResourceInfo info;
  info.gvk = {"berth.dev", "v1alpha1", "TestEnvironment"};
  info.plural = "testenvironments";
  return info;
}

TEST(WriteOptions, AreReadFromTheQuery) {
  const auto options = parse_write_options(request("fieldManager=me&fieldValidation=Strict&dryRun=All&unknown=1"), "CreateOptions").value();
  EXPECT_EQ(options.field_manager, "me");
  EXPECT_EQ(options.field_validation, FieldValidation::Strict);
  EXPECT_TRUE(options.dry_run);
  EXPECT_EQ(options.actor, Actor::User);
}

TEST(WriteOptions, DefaultToWarnAndTheUserAgent) {
  const auto options = parse_write_options(request("", {{"User-Agent", "my-agent/v1.2 (linux)"}}), "CreateOptions").value();
  EXPECT_EQ(options.field_manager, "my-agent");
  EXPECT_EQ(options.field_validation, FieldValidation::Warn);
  EXPECT_FALSE(options.dry_run);
  EXPECT_EQ(parse_write_options(request(""), "CreateOptions").value().field_manager, "unknown");
}

TEST(WriteOptions, RefuseValuesByNameAndField) {
  for (const auto* query : {"dryRun=Some", "dryRun=", "fieldValidation=Loud", "fieldManager=a%0ab"}) {
    const auto options = parse_write_options(request(query), "CreateOptions");
    ASSERT_TRUE(options.has_error()) << query;
    EXPECT_EQ(options.error().reason, Reason::Invalid);
    EXPECT_TRUE(options.error().message.starts_with("CreateOptions.meta.k8s.io \"\" is invalid: ")) << options.error().message;
    EXPECT_EQ(options.error().causes.size(), 1u);
  }
  EXPECT_TRUE(parse_write_options(request("fieldManager=" + std::string(129, 'x')), "CreateOptions").has_error());
  EXPECT_EQ(parse_write_options(request("dryRun=Some"), "CreateOptions").error().message,
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"");
}

TEST(ListOptions, ReadWatchAndRevision) {
  const auto options = parse_list_options(request("watch=1&resourceVersion=42&timeoutSeconds=5&labelSelector=a%3Db&limit=500"), kind()).value();
  EXPECT_TRUE(options.watch);
  EXPECT_EQ(options.revision, 42u);
  EXPECT_EQ(options.timeout, std::chrono::seconds(5));
  EXPECT_FALSE(options.everything());
  EXPECT_TRUE(parse_list_options(request("watch=banana"), kind()).value().watch);
  EXPECT_FALSE(parse_list_options(request("watch=false"), kind()).value().watch);
  EXPECT_FALSE(parse_list_options(request("timeoutSeconds=0"), kind()).value().timeout.has_value());
  EXPECT_TRUE(parse_list_options(request("timeoutSeconds=9223372036854775807"), kind()).value().timeout.has_value());
}

TEST(ListOptions, RefuseWhatTheServerWouldHaveToIgnore) {
  const auto reason = [](const char* query) { return parse_list_options(request(query), kind()).error().reason; };
  EXPECT_EQ(reason("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), Reason::Invalid);
  EXPECT_EQ(reason("sendInitialEvents=true"), Reason::Invalid);
  EXPECT_EQ(reason("watch=1&resourceVersionMatch=NotOlderThan"), Reason::Invalid);
  EXPECT_EQ(reason("resourceVersionMatch=Exact"), Reason::Invalid);
  EXPECT_EQ(reason("resourceVersionMatch=Exact&resourceVersion=0"), Reason::Invalid);
  EXPECT_EQ(reason("resourceVersionMatch=Foo&resourceVersion=1"), Reason::Invalid);
  EXPECT_EQ(reason("continue=abc"), Reason::BadRequest);
  EXPECT_EQ(reason("limit=x"), Reason::BadRequest);
  EXPECT_EQ(reason("resourceVersion=abc"), Reason::BadRequest);
  EXPECT_EQ(reason("resourceVersion=-1"), Reason::BadRequest);
  EXPECT_EQ(reason("labelSelector=a%20b"), Reason::BadRequest);
  EXPECT_EQ(reason("fieldSelector=spec.x%3D1"), Reason::BadRequest);
}

TEST(LogOptions, AreReadFromTheQuery) {
  const auto options = parse_log_options(request("follow=true&timestamps=false&tailLines=10&sinceSeconds=60")).value();
  EXPECT_TRUE(options.follow);
  EXPECT_FALSE(options.timestamps);
  EXPECT_EQ(options.tail, 10);
  EXPECT_EQ(options.since_seconds, 60);
  EXPECT_FALSE(parse_log_options(request("")).value().tail.has_value());
  for (const auto* query : {"tailLines=-1", "tailLines=x", "sinceSeconds=-1", "tailLines=99999999999"}) {
    EXPECT_TRUE(parse_log_options(request(query)).has_error()) << query;
  }
}

}  // namespace
}  // namespace berth::api
