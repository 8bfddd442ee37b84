#include "crd/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::crd {
namespace {

using testing::ElementsAre;

TEST(Secrets, AreKnownByTheirNames) {
  for (const auto* name : {"POSTGRES_PASSWORD", "apiToken", "AWS_SECRET_ACCESS_KEY", "DB_PWD", "--api-key", "MYSQL_PASS", "SENTRY_DSN"}) {
    EXPECT_TRUE(looks_secret(name)) << name;
  }
  for (const auto* name : {"PATH", "MODE", "DATABASE", "COMPASS", "POSTGRES_USER", "KEYBOARD"}) EXPECT_FALSE(looks_secret(name)) << name;
}

TEST(Secrets, TheirValuesAreThoseOfTheSpec) {
  const auto spec = json::parse(R"({"services": [{"name": "db", "env": [
    {"name": "PASSWORD", "value": "hunter22"}, {"name": "USE_TOKEN", "value": "true"}, {"name": "TOKEN", "value": "abc"},
    {"name": "MODE", "value": "visible"}, {"name": "API_KEY", "value": "5432"}, {"name": "PIN_SECRET", "value": "123456"}]}]})");
  EXPECT_THAT(secret_values(spec), ElementsAre("hunter22", "123456"));
  EXPECT_THAT(secret_values(json()), ElementsAre());
}

TEST(Secrets, AreMaskedWhereverTheyStand) {
  EXPECT_EQ(masked("a=hunter2 b=hunter22 hunter2", {"hunter2", "hunter22"}), "a=*** b=*** ***");
  EXPECT_EQ(masked("nothing", {""}), "nothing");
  EXPECT_EQ(masked("****", {"***"}), "****");
}

TEST(Secrets, OfCommandLinesAreMasked) {
  auto value = json::parse(R"({"cmd": ["run", "--password", "p", "--token=t", "-v", "PASSWORD=x", "--password", "--next"], "note": "hunter22"})");
  mask_strings(value, {"hunter22"});
  EXPECT_EQ(value["cmd"], json::parse(R"(["run", "--password", "***", "--token=***", "-v", "PASSWORD=***", "--password", "--next"])"));
  EXPECT_EQ(value["note"], "***");
}

TEST(Secrets, ASpecKeepsTheNamesOfItsVariables) {
  auto object = json::parse(R"({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "all", "a": "b"}},
    "spec": {"services": [{"env": [{"name": "MODE", "value": "x"}], "files": [{"path": "/f", "content": "y"}]}]}})");
  mask_spec(object);
  EXPECT_EQ(object["spec"]["services"][0]["env"][0], json({{"name", "MODE"}, {"value", "***"}}));
  EXPECT_EQ(object["spec"]["services"][0]["files"][0], json({{"path", "/f"}, {"content", "***"}}));
  EXPECT_EQ(object["metadata"]["annotations"], json({{"a", "b"}}));
}

}  // namespace
}  // namespace berth::crd
