#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  // Of text that wire_text() wrote; the tree comes with the first use of body(). What is not looked at here, all but apiVersion, kind
  // and metadata, must be known to be JSON. Errors: as make(); BadRequest when it is not the text of one object.
  static Result<ObjectPtr> from_text(Text text);

  // metadata.managedFields has the form that crd/managed_text.h describes; everything else is as on the wire. Of an object that
  // was kept as its text it is read on first use. Loop thread only.
  const json& body() const { return read_ ? body_ : parse(); }
  const GroupVersionKind& gvk() const { return core_->gvk; }
  const ObjectKey& key() const { return core_->key; }
  const std::string& name() const { return core_->key.name; }
  const std::string& ns() const { return core_->key.ns; }
  const std::string& uid() const { return core_->uid; }
  std::int64_t generation() const { return core_->generation; }
  // metadata.resourceVersion as a number; 0 when it was never stored.
  std::uint64_t revision() const { return core_->revision; }
  bool deleting() const { return core_->deletion_time.has_value(); }
  std::optional<base::SystemTime> deletion_time() const { return core_->deletion_time; }
  base::SystemTime creation_time() const { return core_->creation_time; }
  // nullptr when absent.
  const std::string* find_label(std::string_view key) const;
  bool has_finalizer(std::string_view finalizer) const;
  // "" when absent.
  std::string label(std::string_view key) const;
  std::string annotation(std::string_view key) const;
  // The value that is reached through the members `path`, out of the text alone while nobody has read it. null when absent.
  json find(std::initializer_list<std::string_view> path) const;
  // {} (an empty object) when absent.
  const json& spec() const;
  const json& status() const;

  // Compact JSON, made once on first use and then shared by every list and watch. Loop thread only.
  const std::string& bytes() const { return *text(); }
  // The same for those who keep it. Never null.
  const Text& text() const;

 private:
  friend class KeptObject;
  // What is known of an object without reading its text.
  struct Core {
    GroupVersionKind gvk;
    ObjectKey key;
    std::string uid;
    std::vector<std::pair<std::string, std::string>> labels;  // by name
    std::int64_t generation = 0;
    std::uint64_t revision = 0;
    base::SystemTime creation_time{};
    std::optional<base::SystemTime> deletion_time;
    mutable Text text;
    mutable std::weak_ptr<const Object> awake;  // the one that is handed out
  };

  explicit Object(std::shared_ptr<const Core> core) : core_(std::move(core)) {}
  static Result<std::shared_ptr<Core>> read_core(const json& body);
  const json& parse() const;

  std::shared_ptr<const Core> core_;
  mutable json body_;
  mutable bool read_ = false;
};

// An object as caches keep it: its text and what is asked of it most. The tree of its body, ten times as large, comes with get()
// and goes with the last ObjectPtr. Loop thread only.
class KeptObject {
 public:
  KeptObject() = default;  // none
  explicit KeptObject(const ObjectPtr& object);
  explicit operator bool() const { return core_ != nullptr; }
  // The same for all who ask while somebody holds it. Null: none.
  ObjectPtr get() const;
  // REQUIRES: there is one.
  std::uint64_t revision() const { return core_->revision; }

 private:
  std::shared_ptr<const Object::Core> core_;
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
using crd::KeptObject;
using crd::Object;
using crd::ObjectKey;
using crd::ObjectPtr;
}  // namespace berth
