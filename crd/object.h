#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace berth::crd {

using json = nlohmann::json;

struct GroupVersionKind {
  std::string group;  // "" for core
  std::string version;
  std::string kind;
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  bool operator==(const GroupVersionKind&) const = default;
};

// Splits "berth.dev/v1alpha1" / "v1".
GroupVersionKind parse_api_version(std::string_view api_version, std::string_view kind);

// Names an object within its resource. ns is empty for cluster-scoped ones.
struct ObjectKey {
  std::string ns;
  std::string name;
  std::string str() const { return ns.empty() ? name : ns + "/" + name; }
  auto operator<=>(const ObjectKey&) const = default;
};

class Object;
using ObjectPtr = std::shared_ptr<const Object>;
// Serialised objects are shared by the store, its history, its journal and every answer.
using Text = std::shared_ptr<const std::string>;

// apiVersion, kind, metadata, spec, status as one immutable value, shared between strands as ObjectPtr.
// A change is a copy: auto body = object->body(); body["status"] = ...; Object::make(std::move(body)).
class Object {
 public:
  // Errors: BadRequest when body is no object, lacks apiVersion, kind or metadata, or one of the metadata
  // fields read here has the wrong type. metadata.name may be empty (generateName).
  // `text`: what wire_text(body) would give, where it is known; null when it is not.
  static Result<ObjectPtr> make(json body, Text text = nullptr);

  // metadata.managedFields has the form that crd/managed_text.h describes; everything else is as on the wire.
  const json& body() const { return body_; }
  const GroupVersionKind& gvk() const { return gvk_; }
  const ObjectKey& key() const { return key_; }
  const std::string& name() const { return key_.name; }
  const std::string& ns() const { return key_.ns; }
  const std::string& uid() const { return uid_; }
  std::int64_t generation() const { return generation_; }
  // metadata.resourceVersion as a number; 0 when it was never stored.
  std::uint64_t revision() const { return revision_; }
  bool deleting() const { return deletion_time_.has_value(); }
  std::optional<base::SystemTime> deletion_time() const { return deletion_time_; }
  base::SystemTime creation_time() const { return creation_time_; }
  bool has_finalizer(std::string_view finalizer) const;
  // "" when absent.
  std::string label(std::string_view key) const;
  std::string annotation(std::string_view key) const;
  // {} (an empty object) when absent.
  const json& spec() const;
  const json& status() const;

  // Compact JSON, made once on first use and then shared by every list and watch. Loop thread only.
  const std::string& bytes() const { return *text(); }
  // The same for those who keep it. Never null.
  const Text& text() const;

 private:
  Object() = default;
  json body_;
  GroupVersionKind gvk_;
  ObjectKey key_;
  std::string uid_;
  std::int64_t generation_ = 0;
  std::uint64_t revision_ = 0;
  base::SystemTime creation_time_{};
  std::optional<base::SystemTime> deletion_time_;
  mutable Text text_;
};

// body.dump() that never throws: invalid UTF-8 becomes U+FFFD.
std::string dump(const json& value, int indent = -1);
// JSON text with limits: depth 128, duplicate keys reported in `duplicates` (field paths) when given.
// Errors: BadRequest "line L, column C: what", or what the limit is. (In a function that returns
// Result<json>, write `return Result<json>(boost::system::in_place_value, value)`: json converts from and to
// anything.)
Result<json> parse_json(std::string_view text, std::vector<std::string>* duplicates = nullptr);

}  // namespace berth::crd

namespace berth {
using crd::json;
using crd::Object;
using crd::ObjectKey;
using crd::ObjectPtr;
}  // namespace berth
