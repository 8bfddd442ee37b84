#include "api/server/document.h"

#include <gtest/gtest.h>

#include "api/server/document_media.h"
#include "api/server/health.h"

namespace berth::api {
namespace {

const std::vector<DocumentForm> kForms = {{"application/json", {}},
                                          {"application/yaml", {}},
                                          {"application/json",
                                           {{"g", "apidiscovery.k8s.io"}, {"v", "v2"}, {"as", "APIGroupDiscoveryList"}}}};

int chosen(std::string_view accept) {
  const auto form = choose_form(accept, kForms);
  return form ? static_cast<int>(*form) : -1;
}

TEST(ChooseForm, TakesTheFirstRangeThatThereIsAFormFor) {
  EXPECT_EQ(chosen(""), 0);
  EXPECT_EQ(chosen("*/*"), 0);
  EXPECT_EQ(chosen("application/*"), 0);
  EXPECT_EQ(chosen("application/json, */*"), 0);
  EXPECT_EQ(chosen("application/yaml"), 1);
  EXPECT_EQ(chosen("text/html"), -1);
  EXPECT_EQ(chosen("text/*"), -1);
  EXPECT_EQ(chosen("text/html,application/xhtml+xml,*/*;q=0.8"), 0);
  EXPECT_EQ(chosen("application/vnd.kubernetes.protobuf,application/yaml"), 1);
  EXPECT_EQ(chosen("Application/JSON; charset=utf-8"), 0);
}

TEST(ChooseForm, KnowsAFormByItsParameters) {
  EXPECT_EQ(chosen("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"), 2);
  EXPECT_EQ(chosen("application/json; as=APIGroupDiscoveryList; v=v2; g=apidiscovery.k8s.io"), 2);
  EXPECT_EQ(chosen("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
                   "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"), 2);
  EXPECT_EQ(chosen("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"), -1);
  EXPECT_EQ(chosen("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"), 0);
  EXPECT_EQ(chosen("application/json;as=APIGroupDiscoveryList"), -1);
  EXPECT_EQ(chosen("application/json;as=Table;v=v1;g=meta.k8s.io"), -1);
}

TEST(ChooseForm, GoesByQuality) {
  EXPECT_EQ(chosen("application/json;q=0.5,application/yaml"), 1);
  EXPECT_EQ(chosen("application/json;q=0.1;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/yaml;q=0.2"), 1);
  EXPECT_EQ(chosen("application/json;q=0"), -1);
  EXPECT_EQ(chosen("text/html,application/yaml;q=0.5,application/json;q=0.5"), 1);
  EXPECT_EQ(chosen("*/*,application/yaml"), 1);
  EXPECT_EQ(chosen("*/*,application/*,application/yaml;q=0.9"), 0);
}

TEST(ChooseForm, SurvivesAnything) {
  for (const auto* accept : {",", ";", ";;q", "q=", ",,;=,", "application/json;", "application/json;as", "=/=;=;=", "*/*;q=x"}) {
    chosen(accept);
  }
  EXPECT_EQ(chosen("application/json;"), 0);
}

TEST(Document, HasTheHashOfItsBytes) {
  const auto empty = make_document("");
  EXPECT_EQ(empty.hash, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
  EXPECT_EQ(empty.etag(), '"' + empty.hash + '"');
  EXPECT_NE(make_document("a").hash, make_document("b").hash);
}

TEST(Document, IsKnownByAnyTagOfIfNoneMatch) {
  EXPECT_TRUE(none_match_names("\"A\"", "\"A\""));
  EXPECT_TRUE(none_match_names("\"B\" , W/\"A\"", "\"A\""));
  EXPECT_TRUE(none_match_names("*", "\"A\""));
  EXPECT_FALSE(none_match_names("", "\"A\""));
  EXPECT_FALSE(none_match_names("\"AB\"", "\"A\""));
  EXPECT_FALSE(none_match_names("A", "\"A\""));
}

using Query = std::multimap<std::string, std::string>;

std::vector<HealthCheck> checks(bool good) {
  return {{"ping", {}}, {"controllers", [good] { return good; }}};
}

TEST(Health, IsOneWordWhenAllIsWell) {
  EXPECT_EQ(check_health("healthz", checks(true), {}).text, "ok");
  EXPECT_EQ(check_health("readyz", checks(true), Query{{"verbose", ""}}).text,
            "[+]ping ok\n[+]controllers ok\nreadyz check passed\n");
}

TEST(Health, SaysWhatFailsWithoutBeingAsked) {
  const auto answer = check_health("readyz", checks(false), {});
  EXPECT_FALSE(answer.healthy);
  EXPECT_EQ(answer.text, "[+]ping ok\n[-]controllers failed: reason withheld\nreadyz check failed\n");
}

TEST(Health, LeavesChecksOut) {
  const auto answer = check_health("readyz", checks(false), Query{{"exclude", "controllers"}, {"verbose", ""}});
  EXPECT_TRUE(answer.healthy);
  EXPECT_EQ(answer.text, "[+]ping ok\n[+]controllers excluded: ok\nreadyz check passed\n");
  EXPECT_EQ(check_health("readyz", checks(false), Query{{"exclude", "ping,controllers"}}).text, "ok");
  EXPECT_EQ(check_health("livez", checks(true), Query{{"exclude", "etcd"}, {"verbose", "true"}}).text,
            "[+]ping ok\n[+]controllers ok\nwarn: some health checks cannot be excluded: no matches for \"etcd\"\nlivez check passed\n");
}

TEST(Health, AnswersForOneCheck) {
  EXPECT_EQ(check_one("ping", checks(false))->text, "ok");
  EXPECT_FALSE(check_one("controllers", checks(false))->healthy);
  EXPECT_FALSE(check_one("etcd", checks(true)).has_value());
}

}  // namespace
}  // namespace berth::api
