#include "crd/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/crd/manifest_checks.h"

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
  EXPECT_EQ(value["cmd"], json::parse(R"(["run", "--password", "***", "--token=***", "-v", "PASSWORD=***", "--password", "***"])"));
  EXPECT_EQ(value["note"], "***");
}

json masked_words(json words) {
  mask_strings(words, {});
  return words;
}

TEST(Secrets, InsideOfAWordAreMasked) {
  const auto line = [](const std::string& text) { return masked_words(json::array({"sh", "-c", text}))[2].get<std::string>(); };
  EXPECT_EQ(line("A=1 PASSWORD=b run"), "A=1 PASSWORD=*** run");
  EXPECT_EQ(line("A=1 PASSWORD='b c' TOKEN=\"d \\\" e\" run"), "A=1 PASSWORD=*** TOKEN=*** run");
  EXPECT_EQ(line("run --password b --token=c -v"), "run --password *** --token=*** -v");
  EXPECT_EQ(line("run --password -b -v"), "run --password *** -v");
  EXPECT_EQ(line("export A=1\nexport PASSWORD=b\nrun"), "export A=1\nexport PASSWORD=***\nrun");
  EXPECT_EQ(line("OPTS=-Da=1 -Dpassword=b"), "OPTS=-Da=1 -Dpassword=***");
  EXPECT_EQ(line("A=1,PASSWORD=b"), "A=1,PASSWORD=***");
  EXPECT_EQ(line("A=1 PASSWORD='b c"), "A=1 PASSWORD=***");
  EXPECT_EQ(line("A=1 PASSWORD= run"), "A=1 PASSWORD= run");
  EXPECT_EQ(line("PASSWORD=b c"), "PASSWORD=***") << "a variable as the engine lists it";
  EXPECT_EQ(line("PASSWORD= b"), "PASSWORD=***");
  EXPECT_EQ(line("PASSWORD="), "PASSWORD=");
  EXPECT_EQ(line("  A=1  run -v "), "  A=1  run -v ");
}

TEST(Secrets, MayBeginWithAHyphen) {
  EXPECT_EQ(masked_words({"run", "--password", "-b", "-v"}), json({"run", "--password", "***", "-v"}));
  EXPECT_EQ(masked_words({"run", "--password", "--token", "c"}), json({"run", "--password", "***", "***"}));
}

// Every field that holds a value, in a manifest that berthd takes.
TEST(Secrets, OfAWholeManifestAreMasked) {
  const std::string planted = "cGxhbnRlZA==";
  auto body = object(R"({services: [{name: db, image: x, ports: [{name: web, containerPort: 80}],
    env: [{name: MODE, value: cGxhbnRlZA==}],
    files: [{path: /a, content: cGxhbnRlZA==, mode: 0400, owner: "1:2"}, {path: /b, base64: cGxhbnRlZA==}],
    readinessProbe: {httpGet: {port: web, httpHeaders: [{name: Authorization, value: cGxhbnRlZA==}]}}}]})");
  const auto causes = check(body);
  ASSERT_TRUE(causes.empty()) << shown(causes);
  ASSERT_NE(body.dump().find(planted), std::string::npos);
  mask_spec(body);
  EXPECT_EQ(body.dump().find(planted), std::string::npos) << body.dump(2);
  const auto& db = body["spec"]["services"][0];
  EXPECT_EQ(db["files"][0], json({{"path", "/a"}, {"content", "***"}, {"mode", 0400}, {"owner", "1:2"}}));
  EXPECT_EQ(db["readinessProbe"]["httpGet"]["httpHeaders"][0], json({{"name", "Authorization"}, {"value", "***"}}));
}

TEST(Secrets, OfAPodAreMasked) {
  auto pod = json::parse(R"({"spec": {"containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "B", "value": "x"}],
    "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "Cookie", "value": "x"}]}},
    "lifecycle": {"postStart": {"httpGet": {"httpHeaders": [{"name": "Cookie", "value": "x"}]}}}}],
    "initContainers": [{"env": [{"name": "C", "value": "x"}]}]}})");
  const auto before = pod;
  mask_spec(pod);
  EXPECT_EQ(pod.dump().find("\"x\""), std::string::npos) << pod.dump(2);
  EXPECT_EQ(pod["spec"]["containers"][0]["env"][0], before["spec"]["containers"][0]["env"][0]) << "a reference is no secret";
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
