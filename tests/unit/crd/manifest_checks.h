#pragma once

#include <gtest/gtest.h>

#include "crd/schema.h"
#include "crd/scheme.h"
#include "crd/test_environment.h"
#include "crd/yaml.h"

// A spec in YAML, through what the one write path does with it.
namespace berth::crd {

inline const ResourceInfo& kind() {
  static const Scheme kScheme = Scheme::builtin();
  return *kScheme.find_name("te");
}

inline json yaml(std::string_view text) {
  auto documents = parse_yaml(text);
  if (!documents.has_value()) throw std::runtime_error(documents.error().message);
  return documents->front().value;
}

// What the one write path does with a spec.
inline std::vector<Cause> check(json& object) {
  std::vector<Cause> causes;
  for (const std::string& path : prune(kind().schema, object))
    causes.push_back({"Unknown", "unknown field", path});
  apply_defaults(kind().schema, object);
  for (Cause& cause : validate(kind().schema, object)) causes.push_back(std::move(cause));
  if (causes.empty()) causes = kind().rules(object, nullptr);
  return causes;
}

inline json object(std::string_view spec, std::string_view name = "x") {
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "TestEnvironment"},
          {"metadata", {{"name", name}}},
          {"spec", yaml(spec)}};
}

inline std::string shown(const std::vector<Cause>& causes) {
  std::string out;
  for (const Cause& cause : causes) out += cause.field + ": " + cause.message + "\n";
  return out;
}

inline TestEnvironmentSpec parsed(std::string_view spec) {
  json body = object(spec);
  const auto causes = check(body);
  EXPECT_TRUE(causes.empty()) << spec << "\n" << shown(causes);
  if (!causes.empty()) return {};
  return parse_test_environment_spec(body["spec"]);
}

inline void expect_good(std::string_view spec) { parsed(spec); }

// Exactly one thing is wrong, at `field`, and the message says `part`.
inline void expect_bad(std::string_view spec, const std::string& field, const std::string& part) {
  json body = object(spec);
  const auto causes = check(body);
  ASSERT_EQ(causes.size(), 1u) << spec << "\n" << shown(causes);
  EXPECT_EQ(causes[0].field, field) << spec << "\n" << shown(causes);
  EXPECT_NE(causes[0].message.find(part), std::string::npos) << spec << "\n" << shown(causes);
}

inline std::string service(std::string_view fields) {
  return "{services: [{name: db, image: x, " + std::string(fields) + "}]}";
}

}  // namespace berth::crd
