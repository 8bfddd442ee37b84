#include "crd/strategic_merge_patch.h"

#include <algorithm>

#include "crd/fields.h"

namespace berth::crd {
namespace {

constexpr const char* kPatchKey = "$patch";
constexpr const char* kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList/";
constexpr std::string_view kElementOrder = "$setElementOrder/";
// Comparisons that the lists of one patch may cost.
constexpr std::size_t kMostComparisons = 10'000'000;

class StrategicPatcher {
 public:
  std::optional<Error> error() { return std::move(error_); }

  json merge_map(const MergeType& type, json original, const json& patch) {
    if (!original.is_object()) original = json::object();
    const std::string directive = text_at(patch, kPatchKey);
    if (directive == "replace") return plain(patch);
    if (directive == "delete") return json::object();
    if (patch.contains(kPatchKey) && directive != "merge") {
      fail("Unknown patch type found: " + dump(patch[kPatchKey]));
      return original;
    }
    retain_keys(original, patch);
    for (const auto& [key, value] : patch.items()) {
      if (!key.starts_with('$')) merge_member(type, original, key, value);
    }
    for (const auto& [key, value] : patch.items()) follow_directive(type, original, key, value);
    return original;
  }

 private:
  void fail(std::string what) {
    if (!error_) error_ = base::error(Reason::BadRequest, std::move(what));
  }

  // Whether every item of one list may be compared with every item of the other.
  bool afford(std::size_t some, std::size_t others) {
    if (some != 0 && others > budget_ / some) {
      if (!error_) error_ = base::error(Reason::RequestEntityTooLarge, "the lists of the patch are too long to be merged");
      return false;
    }
    budget_ -= some * others;
    return true;
  }

  // What a patch leaves where nothing was: without directives and nulls.
  json plain(const json& value) {
    if (value.is_array()) {
      json out = json::array();
      for (const json& item : value) {
        if (text_at(item, kPatchKey) == "delete") continue;
        json left = plain(item);
        if (!item.is_object() || !item.contains(kPatchKey) || !left.empty()) out.push_back(std::move(left));
      }
      return out;
    }
    if (!value.is_object()) return value;
    json out = json::object();
    for (const auto& [key, part] : value.items()) {
      if (!key.starts_with('$') && !part.is_null()) out[key] = plain(part);
    }
    return out;
  }

  void retain_keys(json& original, const json& patch) {
    const json* kept = find_member(patch, kRetainKeys);
    if (!kept) return;
    if (!kept->is_array()) return fail("the $retainKeys list must be a list of field names");
    if (!afford(original.size() + patch.size(), kept->size())) return;
    for (const auto& [key, value] : patch.items()) {
      if (!key.starts_with('$') && !value.is_null() && std::find(kept->begin(), kept->end(), json(key)) == kept->end())
        return fail("$retainKeys must name every field that is present in the patch; it lacks " + dump(key));
    }
    for (auto it = original.begin(); it != original.end();) {
      const bool stays = std::find(kept->begin(), kept->end(), json(it.key())) != kept->end();
      it = stays ? std::next(it) : original.erase(it);
    }
  }

  void merge_member(const MergeType& type, json& original, const std::string& key, const json& value) {
    if (value.is_null()) {
      original.erase(key);
      return;
    }
    const MergeType* known = type.member(key);
    const MergeType& below = known ? *known : *deduced_merge_type();
    const auto found = original.find(key);
    if (found == original.end()) {
      original[key] = plain(value);
    } else if (value.is_object() && found->is_object()) {
      if (text_at(value, kPatchKey) == "delete") {
        original.erase(found);
      } else {
        *found = merge_map(below, std::move(*found), value);
      }
    } else if (value.is_array() && found->is_array()) {
      *found = merge_list(below, std::move(*found), value);
    } else {
      *found = plain(value);
    }
  }

  json merge_list(const MergeType& type, json original, const json& patch) {
    const bool merges = type.list == MergeType::List::Set || type.list == MergeType::List::Map;
    if (merges && !afford(original.size() + patch.size(), patch.size())) return original;
    if (type.list == MergeType::List::Set) {
      for (const json& item : patch) {
        if (std::find(original.begin(), original.end(), item) == original.end()) original.push_back(item);
      }
      return original;
    }
    if (type.list != MergeType::List::Map || type.keys.empty()) return plain(patch);
    for (const json& item : patch) {
      if (text_at(item, kPatchKey) == "replace") return plain(patch);
    }
    for (const json& item : patch) merge_item(type, original, item);
    return original;
  }

  void merge_item(const MergeType& type, json& original, const json& item) {
    const std::string& key = type.keys.front().name;
    const json* name = find_member(item, key);
    if (!name) return fail("map: " + dump(item) + " does not contain declared merge key: " + key);
    const auto same = [&](const json& other) {
      const json* its = find_member(other, key);
      return its && *its == *name;
    };
    const auto found = std::find_if(original.begin(), original.end(), same);
    if (text_at(item, kPatchKey) == "delete") {
      original.erase(std::remove_if(original.begin(), original.end(), same), original.end());
    } else if (found == original.end()) {
      original.push_back(plain(item));
    } else {
      *found = merge_map(*type.items, std::move(*found), item);
    }
  }

  void follow_directive(const MergeType& type, json& original, const std::string& key, const json& value) {
    if (key.starts_with(kDeleteFromList)) {
      const auto list = original.find(key.substr(kDeleteFromList.size()));
      if (!value.is_array()) return fail(key + " must be a list");
      if (list == original.end() || !list->is_array() || !afford(list->size(), value.size())) return;
      list->erase(std::remove_if(list->begin(), list->end(),
                                 [&](const json& item) { return std::find(value.begin(), value.end(), item) != value.end(); }),
                  list->end());
    } else if (key.starts_with(kElementOrder)) {
      if (!value.is_array()) return fail(key + " must be a list");
      const std::string name = key.substr(kElementOrder.size());
      const auto list = original.find(name);
      const MergeType* known = type.member(name);
      if (list != original.end() && list->is_array() && known) set_order(*known, *list, value);
    } else if (key.starts_with('$') && key != kPatchKey && key != kRetainKeys) {
      fail("unknown directive " + dump(key));
    }
  }

  // Named items come in the order given; the others keep their place before those they stood before.
  void set_order(const MergeType& type, json& list, const json& order) {
    if (!afford(list.size(), order.size())) return;
    const auto id = [&](const json& item) -> json {
      if (type.list != MergeType::List::Map || type.keys.empty()) return item;
      const json* key = find_member(item, type.keys.front().name);
      return key ? *key : json();
    };
    std::vector<json> wanted;
    for (const json& item : order) wanted.push_back(id(item));
    const auto rank = [&](const json& item) { return std::find(wanted.begin(), wanted.end(), id(item)) - wanted.begin(); };
    const auto unnamed = static_cast<std::ptrdiff_t>(wanted.size());

    std::vector<std::pair<std::ptrdiff_t, std::size_t>> named;  // rank, place now
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto place = rank(list[i]);
      if (place == unnamed) {
        others.push_back(i);
      } else {
        named.emplace_back(place, i);
      }
    }
    std::stable_sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    json out = json::array();
    std::size_t n = 0;
    std::size_t o = 0;
    while (n < named.size() || o < others.size()) {
      const bool take_named = o == others.size() || (n < named.size() && named[n].second < others[o]);
      out.push_back(std::move(list[take_named ? named[n++].second : others[o++]]));
    }
    list = std::move(out);
  }

  std::optional<Error> error_;
  std::size_t budget_ = kMostComparisons;
};

}  // namespace

Result<json> apply_strategic_merge_patch(const MergeType& type, json document, const json& patch) {
  StrategicPatcher patcher;
  json patched = patcher.merge_map(type, std::move(document), patch);
  if (auto error = patcher.error()) return *error;
  return Result<json>(boost::system::in_place_value, std::move(patched));
}

}  // namespace berth::crd
