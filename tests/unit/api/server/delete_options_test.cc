#include "api/server/delete_options.h"

#include <gtest/gtest.h>

#include "api/http/message.h"

namespace berth::api {
namespace {

http::ServerRequest request(const std::string& query) {
  http::ServerRequest out;
  out.query = http::parse_target("/?" + query).value().query;
  return out;
}

std::string why(const std::string& query, const json& body = nullptr) {
  const auto options = parse_delete_options(request(query), body);
  return options.has_error() ? options.error().message : "";
}

TEST(DeleteOptions, TakeTheBodyInsteadOfTheQuery) {
  EXPECT_TRUE(parse_delete_options(request("dryRun=All"), nullptr).value().dry_run);
  EXPECT_FALSE(parse_delete_options(request("dryRun=All"), json::object()).value().dry_run);
  const auto body = json::parse(
      R"({"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"],"propagationPolicy":"Background",
    "preconditions":{"uid":"u","resourceVersion":"7"},"frob":1})");
  const auto options = parse_delete_options(request(""), body).value();
  EXPECT_TRUE(options.dry_run);
  EXPECT_EQ(options.preconditions.uid, "u");
  EXPECT_EQ(options.preconditions.revision, 7u);
}

TEST(DeleteOptions, RefuseMalformedBodies) {
  for (const auto* text :
       {R"({"kind":"Pod"})", R"({"dryRun":"All"})", R"({"dryRun":["Some"]})", R"({"dryRun":[1]})",
        R"({"propagationPolicy":"Sideways"})", R"({"propagationPolicy":1})", R"({"preconditions":[]})",
        R"({"preconditions":{"uid":1}})", R"({"preconditions":{"resourceVersion":"x"}})"}) {
    EXPECT_TRUE(parse_delete_options(request(""), json::parse(text)).has_error()) << text;
  }
  EXPECT_TRUE(parse_delete_options(request("propagationPolicy=Sideways"), nullptr).has_error());
}

TEST(DeleteOptions, TellThePropagation) {
  const auto of_query = [](const char* query) {
    return parse_delete_options(request(query), nullptr).value().propagation;
  };
  EXPECT_EQ(of_query(""), Propagation::Default);
  EXPECT_EQ(of_query("propagationPolicy=Foreground&gracePeriodSeconds=0"), Propagation::Foreground);
  EXPECT_EQ(of_query("orphanDependents=true"), Propagation::Orphan);
  EXPECT_EQ(of_query("orphanDependents=false"), Propagation::Background);
  const auto of_body = [](const char* body) {
    return parse_delete_options(request("orphanDependents=true"), json::parse(body)).value().propagation;
  };
  EXPECT_EQ(of_body("{}"), Propagation::Default);
  EXPECT_EQ(of_body(R"({"propagationPolicy":"Orphan","gracePeriodSeconds":30})"), Propagation::Orphan);
  EXPECT_EQ(of_body(R"({"orphanDependents":false})"), Propagation::Background);
}

TEST(DeleteOptions, SayWhatIsWrongInTheWordsOfKubernetes) {
  EXPECT_EQ(why("", json::parse(R"({"kind":"Pod","apiVersion":"v1"})")),
            "no kind \"Pod\" is registered for version \"v1\" in scheme "
            "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"");
  EXPECT_EQ(why("", json::parse(R"({"kind":"DeleteOptions","apiVersion":"berth.dev/v1alpha1"})")), "");
  EXPECT_EQ(why("", json::parse(R"({"propagationPolicy":"Sideways"})")),
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Sideways\": "
            "supported values: "
            "\"Foreground\", \"Background\", \"Orphan\", \"nil\"");
  EXPECT_EQ(why("", json::parse(R"({"orphanDependents":true,"propagationPolicy":"Background"})")),
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Background\": "
            "orphanDependents and "
            "deletionPropagation cannot be both set");
  EXPECT_EQ(why("gracePeriodSeconds=x"), "strconv.ParseInt: parsing \"x\": invalid syntax");
  EXPECT_NE(why("", json::parse(R"({"gracePeriodSeconds":"0"})")), "");
}

}  // namespace
}  // namespace berth::api
