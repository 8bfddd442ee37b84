#include "api/server/options.h"
#include "api/server/write_options.h"

#include <gtest/gtest.h>

#include <map>

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

TEST(ListOptions, RefuseWhatMakesNoSense) {
  const auto refused = [](const std::string& query) { return parse_list_options(request(query), kind()).error(); };
  const std::string invalid = "ListOptions.meta.k8s.io \"\" is invalid: ";
  for (const auto& [query, message] : std::map<std::string, std::string>{
           {"sendInitialEvents=true", invalid + "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"},
           {"resourceVersionMatch=Exact",
            invalid + "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"},
           {"resourceVersionMatch=Exact&resourceVersion=0",
            invalid + "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""},
           {"resourceVersionMatch=Foo&resourceVersion=1",
            invalid + "resourceVersionMatch: Unsupported value: \"Foo\": supported values: \"Exact\", \"NotOlderThan\", \"\""}}) {
    EXPECT_EQ(refused(query).reason, Reason::Invalid) << query;
    EXPECT_EQ(refused(query).message, message);
    EXPECT_EQ(refused(query).causes.size(), 1u);
  }
  const std::string token = encode_continue({188, {"ci", "n1"}});
  for (const auto& [query, message] : std::map<std::string, std::string>{
           {"limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"},
           {"resourceVersion=abc",
            "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax"},
           {"resourceVersion=-1",
            "invalid resource version: resourceVersion: Invalid value: \"-1\": strconv.ParseUint: parsing \"-1\": invalid syntax"},
           {"continue=" + token + "&resourceVersion=5", "specifying resource version is not allowed when using continue"},
           {"continue=garbage",
            "invalid continue token: continue key is not valid: invalid character '\\x81' looking for beginning of value"},
           {"labelSelector=a%3D%3D%3Db", "unable to parse requirement: found '=', expected: identifier"},
           {"fieldSelector=spec.x%3D1", "field label not supported: spec.x"}}) {
    EXPECT_EQ(refused(query).reason, Reason::BadRequest) << query;
    EXPECT_EQ(refused(query).message, message);
  }
}

TEST(ListOptions, KnowWhichSnapshotIsMeant) {
  const auto options = [](const std::string& query) { return parse_list_options(request(query), kind()).value(); };
  EXPECT_TRUE(options("resourceVersion=5&resourceVersionMatch=Exact").exact);
  EXPECT_TRUE(options("resourceVersion=5&limit=1").exact);
  EXPECT_FALSE(options("resourceVersion=5").exact);
  EXPECT_FALSE(options("resourceVersion=5&limit=1&resourceVersionMatch=NotOlderThan").exact);
  EXPECT_EQ(options("resourceVersion=0&limit=1").limit, 0u);
  EXPECT_EQ(options("limit=-1").limit, 0u);
  EXPECT_EQ(options("limit=7").limit, 7u);
  const auto next = options("limit=2&resourceVersion=0&continue=" + encode_continue({188, {"ci", "n1"}}));
  EXPECT_EQ(next.limit, 2u);
  EXPECT_EQ(next.next->revision, 188);
  EXPECT_EQ(next.next->start, (ObjectKey{"ci", "n1"}));
}

TEST(ListOptions, ReadWhatWatchesSay) {
  const auto options = [](const std::string& query) { return parse_list_options(request("watch=1&" + query), kind()).value(); };
  EXPECT_FALSE(options("").send_initial_events.has_value());
  EXPECT_EQ(options("sendInitialEvents=true&resourceVersionMatch=NotOlderThan").send_initial_events, true);
  EXPECT_EQ(options("sendInitialEvents=false&resourceVersionMatch=NotOlderThan").send_initial_events, false);
  EXPECT_TRUE(options("allowWatchBookmarks=true").bookmarks);
  EXPECT_FALSE(options("allowWatchBookmarks=false").bookmarks);
  EXPECT_EQ(parse_list_options(request("watch=1&resourceVersion=abc"), kind()).error().reason, Reason::InternalError);
}

TEST(LogOptions, AreReadFromTheQuery) {
  const auto options = parse_log_options(request("follow=true&timestamps=false&tailLines=10&sinceSeconds=60")).value();
  EXPECT_TRUE(options.follow);
  EXPECT_FALSE(options.timestamps);
  EXPECT_EQ(options.tail, 10);
  EXPECT_EQ(options.since_seconds, 60);
  EXPECT_FALSE(parse_log_options(request("")).value().tail.has_value());
  EXPECT_EQ(parse_log_options(request("sinceTime=2026-11-27T10%3A00%3A00.000000001Z")).value().since,
            base::parse_time("2026-11-27T10:00:00.000000001Z"));
  for (const auto* query : {"tailLines=-1", "tailLines=x", "sinceSeconds=-1", "tailLines=99999999999", "sinceTime=yesterday",
                            "sinceSeconds=5&sinceTime=2026-11-27T10%3A00%3A00Z"}) {
    EXPECT_TRUE(parse_log_options(request(query)).has_error()) << query;
  }
}

}  // namespace
}  // namespace berth::api
