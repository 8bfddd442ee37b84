#include "crd/schema.h"

#include <gtest/gtest.h>

#include <set>

#include "crd/cause.h"
#include "crd/yaml.h"

namespace berth::crd {
namespace {

json yaml(std::string_view text) {
  auto documents = parse_yaml(text);
  if (!documents.has_value()) throw std::runtime_error(documents.error().message);
  return documents->front().value;
}

const json& schema() {
  static const json kSchema = yaml(R"(
type: object
required: [spec]
properties:
  spec:
    type: object
    required: [image]
    properties:
      image: {type: string, pattern: '^[a-z0-9./:@_-]+$', maxLength: 20, minLength: 2}
      replicas: {type: integer, format: int32, minimum: 0, maximum: 10, default: 1}
      big: {type: integer, format: int64}
      ratio: {type: number, minimum: 0, exclusiveMinimum: true}
      restartPolicy: {type: string, enum: [Always, OnFailure, Never], default: OnFailure}
      ports:
        type: array
        maxItems: 5
        minItems: 1
        x-kubernetes-list-type: map
        x-kubernetes-list-map-keys: [containerPort, protocol]
        items:
          type: object
          required: [containerPort]
          properties:
            name: {type: string}
            containerPort: {type: integer, minimum: 1, maximum: 65535}
            protocol: {type: string, enum: [TCP, UDP], default: TCP}
      env: {type: object, maxProperties: 2, additionalProperties: {type: string}}
      nested: {type: object, additionalProperties: {type: object, properties: {known: {type: string, default: x}}}}
      tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
      weight: {x-kubernetes-int-or-string: true}
      config: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: integer}}}
      anything: {type: object, additionalProperties: true}
      nothing: {type: object}
      nullableField: {type: string, nullable: true}
      nullableDefault: {type: string, nullable: true, default: d}
      time: {type: string, format: date-time}
      later: {type: array, items: {type: string}, x-berth-unsupported: true}
      template:
        type: object
        default: {}
        properties:
          mode: {type: string, default: fast}
)");
  return kSchema;
}

json object(std::string_view spec) {
  json body = {{"apiVersion", "v1"}, {"kind", "X"}, {"metadata", {{"name", "x"}, {"odd", nullptr}}}};
  body["spec"] = yaml(spec);
  return body;
}

using Pairs = std::set<std::pair<std::string, std::string>>;

Pairs causes(std::string_view spec) {
  Pairs out;
  for (const Cause& cause : validate(schema(), object(spec)))
    out.emplace(cause.field, cause.reason + ": " + cause.message);
  return out;
}

void expect_cause(std::string_view spec, const std::string& field, const std::string& text) {
  EXPECT_EQ(causes(spec), (Pairs{{field, text}})) << spec;
}

TEST(Prune, RemovesWhatTheSchemaDoesNotKnowAndTellsWhere) {
  json value = object(
      "{imagge: x, ports: [{containerPort: 1, hostprt: 2}], env: {A: b}, nothing: {a: 1}, nested: {k: {odd: "
      "1}}}");
  value["bogus"] = 1;
  const auto removed = prune(schema(), value);
  EXPECT_EQ(std::set<std::string>(removed.begin(), removed.end()),
            (std::set<std::string>{"bogus", "spec.imagge", "spec.ports[0].hostprt", "spec.nothing.a",
                                   "spec.nested.k.odd"}));
  EXPECT_EQ(value["spec"], yaml("{ports: [{containerPort: 1}], env: {A: b}, nothing: {}, nested: {k: {}}}"));
}

TEST(Prune, LeavesTypeAndMetadataAlone) {
  json value = object("{image: x}");
  value["metadata"]["whatever"] = {{"deep", 1}};
  const json before = value;
  EXPECT_TRUE(prune(schema(), value).empty());
  EXPECT_EQ(value, before);
}

TEST(Prune, PreservedFieldsKeepUnknownOnesButOnlyThere) {
  json value = object("{image: x, config: {known: 1, other: {deep: [1]}}, anything: {x: {y: 1}}}");
  const json before = value;
  EXPECT_TRUE(prune(schema(), value).empty());
  EXPECT_EQ(value, before);
}

TEST(Prune, ValuesOfAWrongTypeAreLeftForTheValidation) {
  json value = object("{image: [1], ports: {a: 1}}");
  EXPECT_TRUE(prune(schema(), value).empty());
  json scalar = 5;
  EXPECT_TRUE(prune(schema(), scalar).empty());
}

TEST(Defaults, FillAbsentAndNullFieldsAlsoInsideOfLists) {
  json value = object("{image: x, replicas: null, ports: [{containerPort: 1}], nested: {a: {}}}");
  apply_defaults(schema(), value);
  EXPECT_EQ(
      value["spec"],
      yaml("{image: x, replicas: 1, restartPolicy: OnFailure, ports: [{containerPort: 1, protocol: TCP}], "
           "template: {mode: fast}, nullableDefault: d, nested: {a: {known: x}}}"));
}

TEST(Defaults, DropNullsExceptWhereTheyMeanSomething) {
  json value = object("{image: null, tags: null, nullableField: null, nullableDefault: null}");
  apply_defaults(schema(), value);
  EXPECT_FALSE(value["spec"].contains("image"));
  EXPECT_FALSE(value["spec"].contains("tags"));
  EXPECT_TRUE(value["spec"]["nullableField"].is_null());
  EXPECT_TRUE(value["spec"]["nullableDefault"].is_null());
  EXPECT_TRUE(value["metadata"]["odd"].is_null());
}

TEST(Defaults, TwiceIsOnce) {
  json once = object("{image: x, ports: [{containerPort: 1}]}");
  apply_defaults(schema(), once);
  json twice = once;
  apply_defaults(schema(), twice);
  EXPECT_EQ(once, twice);
}

TEST(Validate, TakesWhatIsRight) {
  EXPECT_EQ(
      causes("{image: 'redis:7', replicas: 10, big: 9223372036854775807, ratio: 0.1, restartPolicy: Never, "
             "ports: "
             "[{containerPort: 1}, {containerPort: 1, protocol: UDP}], env: {A: b}, tags: [a, b], weight: 5, "
             "config: {x: 1}, nullableField: null, time: '2026-01-31T12:00:00Z'}"),
      Pairs{});
  EXPECT_EQ(causes("{image: xy, weight: text, replicas: 3.0}"), Pairs{});
}

TEST(Validate, SpeaksLikeKubernetes) {
  expect_cause("{}", "spec.image", "FieldValueRequired: Required value");
  expect_cause("{image: xy, replicas: two}", "spec.replicas",
               "FieldValueTypeInvalid: Invalid value: \"string\": spec.replicas in body must be of type "
               "integer: \"string\"");
  expect_cause("{image: xy, replicas: 1.5}", "spec.replicas",
               "FieldValueTypeInvalid: Invalid value: \"float64\": spec.replicas in body must be of type "
               "int32: \"float64\"");
  expect_cause("{image: 5}", "spec.image",
               "FieldValueTypeInvalid: Invalid value: \"integer\": spec.image in body must be of type "
               "string: \"integer\"");
  expect_cause(
      "{image: xy, env: [a]}", "spec.env",
      "FieldValueTypeInvalid: Invalid value: \"array\": spec.env in body must be of type object: \"array\"");
  expect_cause("{image: xy, env: {A: 5}}", "spec.env.A",
               "FieldValueTypeInvalid: Invalid value: \"integer\": spec.env.A in body must be of type "
               "string: \"integer\"");
  expect_cause("{image: xy, weight: true}", "spec.weight",
               "FieldValueTypeInvalid: Invalid value: \"boolean\": spec.weight in body must be of type "
               "integer,string: \"boolean\"");
  expect_cause("{image: xy, tags: [a, null]}", "spec.tags[1]",
               "FieldValueTypeInvalid: Invalid value: \"null\": spec.tags[1] in body must be of type string: "
               "\"null\"");
  expect_cause(
      "{image: xy, replicas: 99}", "spec.replicas",
      "FieldValueInvalid: Invalid value: 99: spec.replicas in body should be less than or equal to 10");
  expect_cause(
      "{image: xy, replicas: -1}", "spec.replicas",
      "FieldValueInvalid: Invalid value: -1: spec.replicas in body should be greater than or equal to 0");
  expect_cause("{image: xy, ratio: 0}", "spec.ratio",
               "FieldValueInvalid: Invalid value: 0: spec.ratio in body should be greater than 0");
  expect_cause(
      "{image: BAD IMAGE}", "spec.image",
      "FieldValueInvalid: Invalid value: \"BAD IMAGE\": spec.image in body should match '^[a-z0-9./:@_-]+$'");
  expect_cause("{image: xy, restartPolicy: Sometimes}", "spec.restartPolicy",
               "FieldValueNotSupported: Unsupported value: \"Sometimes\": supported values: \"Always\", "
               "\"OnFailure\", \"Never\"");
  expect_cause("{image: aaaaaaaaaaaaaaaaaaaaa}", "spec.image",
               "FieldValueTooLong: Too long: may not be more than 20 bytes");
  expect_cause("{image: a}", "spec.image",
               "FieldValueInvalid: Invalid value: \"a\": spec.image in body should be at least 2 chars long");
  expect_cause("{image: xy, ports: []}", "spec.ports",
               "FieldValueInvalid: Invalid value: 0: spec.ports in body should have at least 1 items");
  expect_cause(
      "{image: xy, ports: [{containerPort: 1}, {containerPort: 2}, {containerPort: 3}, {containerPort: 4}, "
      "{containerPort: 5}, {containerPort: 6}]}",
      "spec.ports", "FieldValueTooMany: Too many: 6: must have at most 5 items");
  expect_cause("{image: xy, env: {A: a, B: b, C: c}}", "spec.env",
               "FieldValueTooMany: Too many: 3: must have at most 2 items");
  expect_cause("{image: xy, tags: [a, a]}", "spec.tags[1]", "FieldValueDuplicate: Duplicate value: \"a\"");
  expect_cause(
      "{image: xy, ports: [{containerPort: 1, protocol: TCP}, {containerPort: 1, protocol: TCP, name: x}]}",
      "spec.ports[1]", "FieldValueDuplicate: Duplicate value: {\"containerPort\":1,\"protocol\":\"TCP\"}");
  expect_cause("{image: xy, ports: [{name: x}]}", "spec.ports[0].containerPort",
               "FieldValueRequired: Required value");
  expect_cause("{image: xy, later: []}", "spec.later", "FieldValueNotSupported: not supported yet");
  expect_cause("{image: xy, time: yesterday}", "spec.time",
               "FieldValueTypeInvalid: Invalid value: \"yesterday\": spec.time in body must be of type "
               "date-time: \"yesterday\"");
}

TEST(Validate, IntegersMustFitTheirFormat) {
  expect_cause("{image: xy, replicas: 99999999999}", "spec.replicas",
               "FieldValueInvalid: Invalid value: 99999999999: spec.replicas in body must be of type integer "
               "with format int32");
  EXPECT_EQ(causes("{image: xy, big: 9223372036854775808}").size(), 1u);
  EXPECT_EQ(causes("{image: xy, replicas: 18446744073709551615}").size(), 1u);
  EXPECT_EQ(causes("{image: xy, replicas: 18446744071562067968}").size(), 1u);
}

TEST(Validate, ALongListOfCausesIsCut) {
  json value = {{"apiVersion", "v1"}, {"kind", "X"}, {"metadata", json::object()}, {"spec", {{"image", "xy"}, {"nested", json::object()}}}};
  for (int i = 0; i < 5000; ++i) value["spec"]["nested"]["k" + std::to_string(i)] = {{"known", 1}};
  const auto found = validate(schema(), value);
  ASSERT_EQ(found.size(), cause::kMostCauses + 1);
  EXPECT_EQ(found.back().message, "and 4950 more");
}

TEST(Validate, TellsEverythingAtOnce) {
  EXPECT_EQ(
      causes("{replicas: 99, restartPolicy: x, ports: [{containerPort: 70000}, {}], env: {A: 1}}").size(),
      6u);
}

TEST(Validate, ARequiredPartOfTheObjectItselfIsMissed) {
  const auto found = validate(schema(), {{"apiVersion", "v1"}, {"kind", "X"}, {"metadata", json::object()}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], (Cause{"FieldValueRequired", "Required value", "spec"}));
}

TEST(Validate, LongValuesAreCutInMessages) {
  const auto found = causes("{image: xy, replicas: 1, restartPolicy: '" + std::string(5000, 'x') + "'}");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found.begin()->second.size(), 500u);
}

TEST(CheckStructural, TakesARightSchema) {
  EXPECT_EQ(check_structural(schema()), std::vector<std::string>{});
}

TEST(CheckStructural, FindsWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"{properties: {a: {type: string}}}", "type: Required value"},
      {"{type: object, properties: {a: {}}}", "properties.a.type: Required value"},
      {"{type: text}", "type: must be object"},
      {"{type: array}", "items: Required value"},
      {"{type: string, items: {type: string}}", "items: only for arrays"},
      {"{type: string, properties: {}}", ": properties and additionalProperties are only for objects"},
      {"{type: object, properties: {}, additionalProperties: {type: string}}",
       "additionalProperties: excludes properties"},
      {"{type: object, required: [x]}", "required: names no property: \"x\""},
      {"{type: object, patternProperties: {}}", "patternProperties: unknown keyword"},
      {"{type: string, pattern: '('}", "pattern: must be a regular expression"},
      {"{type: string, enum: []}", "enum: must be a list that is not empty"},
      {"{type: string, maxLength: -1}", "maxLength: must be a number from 0"},
      {"{type: integer, minimum: x}", "minimum: must be a number"},
      {"{type: integer, default: x}", "default: Invalid value"},
      {"{type: object, properties: {a: {type: string}}, default: {b: x}}", "default.b: unknown field"},
      {"{type: string, x-kubernetes-int-or-string: true}", "type: must be absent"},
      {"{type: array, items: {type: object}, x-kubernetes-list-type: map}",
       ": x-kubernetes-list-map-keys goes with list type map"},
      {"{type: array, items: {type: object}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [a]}",
       "x-kubernetes-list-map-keys: must be required or have a default"},
      {"{type: array, items: {type: string}, x-kubernetes-list-type: bag}",
       "x-kubernetes-list-type: must be atomic"},
      {"[]", ": must be an object"}};
  for (const auto& [text, expected] : cases) {
    const auto errors = check_structural(yaml(text));
    ASSERT_FALSE(errors.empty()) << text;
    EXPECT_TRUE(errors.front().starts_with(expected)) << text << ": " << errors.front();
  }
}

}  // namespace
}  // namespace berth::crd
