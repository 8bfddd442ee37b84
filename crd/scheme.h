#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crd/field_policy.h"
#include "crd/merge_type.h"
#include "crd/object.h"

namespace berth::crd {

struct PrinterColumn {
  std::string name;
  std::string type;       // string | integer | boolean | date
  std::string json_path;  // ".status.phase"
  std::string description;
  int priority = 0;  // > 0: only with -o wide
};

// A part of an object with an address of its own: {plural}/{name}/{subresource}.
struct Subresource {
  std::string name;  // "log"
  std::string kind;  // what it answers or takes, "Pod", "PodExecOptions"
  std::vector<std::string> verbs;
};

// What a kind is: names, scope, structure, and the rules that a structural schema cannot say.
struct ResourceInfo {
  GroupVersionKind gvk;
  std::string plural;    // "testenvironments"
  std::string singular;  // "testenvironment"
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  bool has_status = false;
  // What may be done to its objects, in the words of discovery; empty means all of kAllVerbs.
  std::vector<std::string> verbs;
  // Those besides status, which has_status tells.
  std::vector<Subresource> subresources;
  json schema;  // openAPIV3Schema
  // What follows from the schema, made by Scheme::add() where it is missing: how objects merge, and the schema with nothing but status.
  MergeTypePtr merge;
  json status_schema;
  std::vector<PrinterColumn> columns;
  // What a field selector may name besides metadata.name and metadata.namespace: "status.phase".
  std::vector<std::string> selectable_fields;
  // Finalizers stamped on every new object, so that nothing berth made can outlive its object unseen.
  std::vector<std::string> finalizers;
  // Gives an object that somebody sent its one form, after the defaults and before the checks: a Secret's stringData goes into data.
  // Empty when there is nothing to do. Must take values of any type. Errors: BadRequest.
  std::function<Result<void>(json& object)> prepare;
  // Named cross-field rules; empty when none. Called after the schema passed. `old` is null on create.
  std::function<std::vector<Cause>(const json& object, const json* old)> rules;

  // `verb` is of kAllVerbs.
  bool allows(std::string_view verb) const;
  // "testenvironments.berth.dev", "events" for core.
  std::string group_resource() const { return gvk.group.empty() ? plural : plural + "." + gvk.group; }
};

inline constexpr std::array<std::string_view, 8> kAllVerbs = {"create", "delete", "deletecollection", "get",
                                                              "list",   "patch",  "update",           "watch"};

// Which kinds exist. Built once at start, read-only afterwards, shared by reference.
class Scheme {
 public:
  // Every kind of berth: the CustomResourceDefinitions embedded from crd/kinds, and core_kinds(). Asserts that they are valid (a test reads them
  // too). What `policy` does not allow, rules refuse.
  static Scheme builtin(FieldPolicy policy = {});

  void add(ResourceInfo info);
  const std::vector<ResourceInfo>& resources() const { return resources_; }
  // nullptr when there is none.
  const ResourceInfo* find(std::string_view group, std::string_view version, std::string_view plural) const;
  const ResourceInfo* find_kind(const GroupVersionKind& gvk) const;
  // By any name a person types: plural, singular, kind, short name, plural.group; case-insensitive.
  const ResourceInfo* find_name(std::string_view name) const;

 private:
  std::vector<ResourceInfo> resources_;
};

// Parses one apiextensions.k8s.io/v1 CustomResourceDefinition (its only served version). Errors: Invalid, by
// path.
Result<ResourceInfo> parse_custom_resource_definition(const json& crd);

inline constexpr std::string_view kGroup = "berth.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
// The finalizer that holds a TestEnvironment until its engine objects are gone. Written by berth alone.
inline constexpr std::string_view kEngineFinalizer = "berth.dev/engine";
// Annotation: the file a directory-managed object came from, and the switch that lets a directory take an
// object over.
inline constexpr std::string_view kSourceAnnotation = "berth.dev/source";
inline constexpr std::string_view kSourceHashAnnotation = "berth.dev/source-hash";
inline constexpr std::string_view kAdoptAnnotation = "berth.dev/adopt";

}  // namespace berth::crd
