#include "crd/core_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crd/formats.h"
#include "crd/schema.h"

namespace berth::crd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What the steps before the store make of an object.
struct Written {
  json object;
  std::string refused;  // by prepare
  std::vector<std::string> causes;
};

Written write(const ResourceInfo& kind, json object, const json* old = nullptr) {
  Written out;
  object["metadata"]["namespace"] = object["metadata"].value("namespace", "ci");
  out.causes = prune(kind.schema, object);
  apply_defaults(kind.schema, object);
  if (kind.prepare) {
    if (auto prepared = kind.prepare(object); prepared.has_error()) out.refused = prepared.error().message;
  }
  auto causes = validate(kind.schema, object);
  if (causes.empty() && kind.rules) causes = kind.rules(object, old);
  for (const auto& cause : causes) out.causes.push_back(cause.field + ": " + cause.message);
  out.object = std::move(object);
  return out;
}

// ---- Event

json event(json more = json::object()) {
  json object = {{"metadata", {{"name", "x1"}}},
                 {"involvedObject", {{"kind", "TestEnvironment"}, {"namespace", "ci"}, {"name", "web"}}}};
  object.update(more);
  return object;
}

TEST(Event, ShowsTheFieldsThatClientsRead) {
  const auto written = write(core::event_kind(), event({{"reason", "X"}}));
  EXPECT_THAT(written.causes, IsEmpty());
  const json expected =
      json::parse(R"({"source": {}, "firstTimestamp": null, "lastTimestamp": null, "eventTime": null,
                                        "reportingComponent": "", "reportingInstance": ""})");
  for (const auto& [field, value] : expected.items()) EXPECT_EQ(written.object.at(field), value) << field;
  EXPECT_FALSE(written.object.contains("count"));
}

TEST(Event, IsInTheNamespaceOfItsObject) {
  auto object = event();
  object["involvedObject"]["namespace"] = "other";
  EXPECT_THAT(
      write(core::event_kind(), object).causes,
      ElementsAre("involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"));
  object["involvedObject"].erase("namespace");
  EXPECT_EQ(write(core::event_kind(), object).causes.size(), 1u);
  object["metadata"]["namespace"] = "default";  // about an object of the cluster
  EXPECT_THAT(write(core::event_kind(), object).causes, IsEmpty());
}

TEST(Event, OfTheNewerFormSaysMoreAndTellsMicroseconds) {
  const auto bare = write(core::event_kind(), event({{"eventTime", "2026-01-01T00:00:00Z"}}));
  EXPECT_EQ(bare.object["eventTime"], "2026-01-01T00:00:00.000000Z");
  EXPECT_THAT(bare.causes,
              ElementsAre("reportingComponent: Required value", "reportingInstance: Required value",
                          "action: Required value", "reason: Required value",
                          "type: Invalid value: \"\": has invalid value"));
  const auto full =
      write(core::event_kind(),
            event({{"eventTime", "2026-01-01T00:00:00.1234567Z"},
                   {"reportingComponent", "c"},
                   {"reportingInstance", "i"},
                   {"action", "a"},
                   {"reason", "r"},
                   {"type", "Normal"},
                   {"series", {{"count", 2}, {"lastObservedTime", "2026-01-01T00:00:00.5Z"}}}}));
  EXPECT_THAT(full.causes, IsEmpty());
  EXPECT_EQ(full.object["eventTime"], "2026-01-01T00:00:00.123456Z");
  EXPECT_EQ(full.object["series"]["lastObservedTime"], "2026-01-01T00:00:00.500000Z");
}

// ---- Secret

json secret(json more) {
  json object = {{"metadata", {{"name", "s"}}}};
  object.update(more);
  return object;
}

TEST(Secret, StringDataGoesIntoData) {
  const auto written =
      write(core::secret_kind(),
            secret({{"data", {{"a", "b2xk"}, {"b", "Y\ng=="}}}, {"stringData", {{"a", "new"}}}}));
  EXPECT_THAT(written.causes, IsEmpty());
  EXPECT_EQ(written.object["data"], json({{"a", "bmV3"}, {"b", "Yg=="}}));
  EXPECT_FALSE(written.object.contains("stringData"));
  EXPECT_EQ(written.object["type"], "Opaque");
}

TEST(Secret, TakesOnlyBase64AndDoesNotTellTheValue) {
  const auto written = write(core::secret_kind(), secret({{"data", {{"a", "hunter2!"}}}}));
  EXPECT_EQ(written.refused,
            "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 7 of "
            "data[a]");
  const auto wrong =
      write(core::secret_kind(), secret({{"data", {{"a", 5}}}, {"stringData", {{"b", true}}}}));
  EXPECT_EQ(wrong.causes.size(), 2u);
}

TEST(Secret, KeysAndSizeAreChecked) {
  const auto keys =
      write(core::secret_kind(), secret({{"data", {{"a b", ""}, {"..x", ""}, {".", ""}}}})).causes;
  EXPECT_THAT(keys, ElementsAre("data[.]: Invalid value: \".\": must not be '.'",
                                "data[..x]: Invalid value: \"..x\": must not start with '..'",
                                HasSubstr("data[a b]: Invalid value: \"a b\": a valid config key must "
                                          "consist of alphanumeric characters")));
  const std::string big(1024 * 1024, 'x');
  EXPECT_THAT(write(core::secret_kind(), secret({{"stringData", {{"a", big}}}})).causes, IsEmpty());
  EXPECT_THAT(write(core::secret_kind(), secret({{"stringData", {{"a", big}, {"b", "y"}}}})).causes,
              ElementsAre("data: Too long: may not be more than 1048576 bytes"));
}

TEST(Secret, SomeTypesNeedKeys) {
  const auto causes = [](const char* type, json texts) {
    return write(core::secret_kind(), secret({{"type", type}, {"stringData", std::move(texts)}})).causes;
  };
  EXPECT_THAT(causes("kubernetes.io/tls", {{"tls.crt", "c"}}), ElementsAre("data[tls.key]: Required value"));
  EXPECT_THAT(
      causes("kubernetes.io/dockerconfigjson", {{".dockerconfigjson", "{"}}),
      ElementsAre("data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": must be JSON"));
  EXPECT_THAT(causes("kubernetes.io/dockerconfigjson", {{".dockerconfigjson", "{}"}}), IsEmpty());
  EXPECT_THAT(causes("kubernetes.io/basic-auth", {{"password", "p"}}), IsEmpty());
}

TEST(Secret, WhatIsImmutableStays) {
  const auto old =
      write(core::secret_kind(), secret({{"stringData", {{"a", "1"}}}, {"immutable", true}})).object;
  const auto causes = [&](json more) {
    return write(core::secret_kind(), secret(std::move(more)), &old).causes;
  };
  EXPECT_THAT(causes({{"stringData", {{"a", "1"}}}, {"immutable", true}}), IsEmpty());
  EXPECT_THAT(causes({{"stringData", {{"a", "2"}}}, {"type", "x"}}),
              ElementsAre("type: Invalid value: \"x\": field is immutable",
                          "immutable: Forbidden: field is immutable when `immutable` is set",
                          "data: Forbidden: field is immutable when `immutable` is set"));
}

// ---- ConfigMap

TEST(ConfigMap, HoldsTextAndBytes) {
  const auto written =
      write(core::config_map_kind(), secret({{"data", {{"a", "x\n"}}}, {"binaryData", {{"b", "AAD/"}}}}));
  EXPECT_THAT(written.causes, IsEmpty());
  EXPECT_EQ(written.object["binaryData"]["b"], "AAD/");
  EXPECT_THAT(
      write(core::config_map_kind(), secret({{"data", {{"a", "x"}}}, {"binaryData", {{"a", ""}}}})).causes,
      ElementsAre("data[a]: Invalid value: \"a\": duplicate of key present in binaryData"));
  EXPECT_THAT(write(core::config_map_kind(), secret({{"binaryData", {{"a", "!"}}}})).refused,
              HasSubstr("illegal base64 data at input byte 0"));
  const std::string big(1024 * 1024 + 1, 'x');
  EXPECT_THAT(write(core::config_map_kind(), secret({{"data", {{"a", big}}}})).causes,
              ElementsAre("[]: Too long: may not be more than 1048576 bytes"));
}

TEST(ConfigMap, WhatIsImmutableStays) {
  const auto old =
      write(core::config_map_kind(), secret({{"data", {{"a", "1"}}}, {"immutable", true}})).object;
  const auto written =
      write(core::config_map_kind(),
            secret({{"data", {{"a", "1"}}}, {"binaryData", {{"b", ""}}}, {"immutable", true}}), &old);
  EXPECT_THAT(written.causes,
              ElementsAre("binaryData: Forbidden: field is immutable when `immutable` is set"));
}

// ---- ResourceQuota

TEST(ResourceQuota, TakesTheLimitsThatBerthKeeps) {
  const auto causes = [](json hard) {
    return write(core::resource_quota_kind(), secret({{"spec", {{"hard", std::move(hard)}}}})).causes;
  };
  EXPECT_THAT(causes({{"count/testenvironments.berth.dev", "3"},
                      {"requests.cpu", "500m"},
                      {"requests.memory", "2Gi"},
                      {"secrets", 2}}),
              IsEmpty());
  EXPECT_THAT(causes({{"frobs", "1"}}),
              ElementsAre(HasSubstr("spec.hard[frobs]: Unsupported value: \"frobs\": supported values: ")));
  EXPECT_THAT(
      causes({{"requests.cpu", "-1"}}),
      ElementsAre("spec.hard[requests.cpu]: Invalid value: \"-1\": must be greater than or equal to 0"));
  EXPECT_THAT(causes({{"requests.cpu", "much"}}),
              ElementsAre(HasSubstr("quantities must match the regular expression")));
  EXPECT_THAT(causes({{"count/pods", "500m"}}),
              ElementsAre("spec.hard[count/pods]: Invalid value: \"500m\": must be an integer"));
}

TEST(Base64, ComesBackAsItWas) {
  for (std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
}

}  // namespace
}  // namespace berth::crd
