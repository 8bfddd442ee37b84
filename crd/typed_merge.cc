#include <deque>
#include <map>
#include <set>

#include "crd/fields.h"
#include "crd/typed_value.h"

namespace berth::crd {
namespace {

using Shape = MergeType::Shape;

std::optional<json> merge_value(const MergeType& type, const json* live, const json* config);

bool is_bare_value(const json* value) { return !value || value->is_null() || value->empty(); }

std::optional<json> later(const json* live, const json* config) {
  if (config) return std::optional<json>(std::in_place, *config);
  if (live) return std::optional<json>(std::in_place, *live);
  return std::nullopt;
}

const json& array_or_nothing(const json* value) {
  static const json kNothing = json::array();
  return value && value->is_array() ? *value : kNothing;
}

// The items of a list by their steps. An item without one cannot be merged and is left out; lists that are stored have none.
struct KeyedList {
  std::vector<std::pair<std::string, const json*>> order;
  std::map<std::string, const json*> known;  // the first of each

  KeyedList(const MergeType& type, const json& list) {
    for (const json& item : list) {
      auto element = list_element(type, item);
      if (!element) continue;
      known.try_emplace(*element, &item);
      order.emplace_back(std::move(*element), &item);
    }
  }
  const json* find(const std::string& element) const {
    const auto found = known.find(element);
    return found == known.end() ? nullptr : found->second;
  }
};

// Interleaves two lists: shared items come in the order of the configuration, the others of the live list keep their place.
class ListMerge {
 public:
  ListMerge(const MergeType& type, const json& live, const json& config) : type_(type), live_(type, live), config_(type, config) {
    for (const auto& [element, item] : config_.order) {
      if (live_.find(element)) shared_.push_back(element);
    }
  }

  json run() {
    std::size_t l = 0;
    std::size_t r = 0;
    while (l < live_.order.size() || r < config_.order.size()) {
      if (l < live_.order.size()) {
        const auto& [element, item] = live_.order[l];
        if (!config_.find(element)) {
          put(element, item, nullptr);
          ++l;
          continue;
        }
        const bool next = r < config_.order.size() && config_.order[r].first == element;
        if (next) {
          take(element);
          ++l;
          ++r;
          continue;
        }
        const bool out_of_turn = r < config_.order.size() && !shared_.empty() && shared_.front() != element;
        if (out_of_turn) {
          ++l;
          continue;
        }
        if (done_.contains(element)) ++l;
      }
      if (r < config_.order.size()) take(config_.order[r++].first);
    }
    return std::move(out_);
  }

 private:
  // The item of the configuration, with what the live one adds.
  void take(const std::string& element) {
    if (!shared_.empty() && shared_.front() == element) shared_.pop_front();
    done_.insert(element);
    put(element, live_.find(element), config_.find(element));
  }
  void put(const std::string&, const json* live, const json* config) {
    if (auto merged = merge_value(*type_.items, live, config)) out_.push_back(std::move(*merged));
  }

  const MergeType& type_;
  const KeyedList live_;
  const KeyedList config_;
  std::deque<std::string> shared_;  // steps of both lists, as the configuration has them, that are still to come
  std::set<std::string> done_;
  json out_ = json::array();
};

std::optional<json> merge_map(const MergeType& type, const json* live, const json* config) {
  static const json kNothing = json::object();
  const json& old = live && live->is_object() ? *live : kNothing;
  const json& wanted = config && config->is_object() ? *config : kNothing;
  json out = json::object();
  const auto part = [&](const std::string& name, const json* left, const json* right) {
    const MergeType* known = type.member(name);
    if (auto merged = merge_value(known ? *known : *deduced_merge_type(), left, right)) out[name] = std::move(*merged);
  };
  for (const auto& [name, value] : old.items()) part(name, &value, find_member(wanted, name));
  for (const auto& [name, value] : wanted.items()) {
    if (!old.contains(name)) part(name, nullptr, &value);
  }
  if (out.empty()) return std::nullopt;
  return std::optional<json>(std::in_place, std::move(out));
}

std::optional<json> merge_value(const MergeType& type, const json* live, const json* config) {
  if (!config) return later(live, config);
  const Shape shape = type.shape_of(*config);
  const bool atomic = shape == Shape::Scalar || (shape == Shape::List && type.list == MergeType::List::Atomic) ||
                      (shape == Shape::Map && type.map == MergeType::Map::Atomic);
  if (atomic) return later(live, config);
  if (live && type.shape_of(*live) != shape) live = nullptr;
  if (is_bare_value(live) && is_bare_value(config)) return later(live, config);
  if (shape == Shape::Map) return merge_map(type, live, config);
  json merged = ListMerge(type, array_or_nothing(live), array_or_nothing(config)).run();
  if (merged.empty()) return std::nullopt;
  return std::optional<json>(std::in_place, std::move(merged));
}

json remove_items(const MergeType& type, const json& value, const FieldSet& paths) {
  json out = json::array();
  for (const json& item : value) {
    const auto element = list_element(type, item);
    const FieldSet* below = element ? paths.find(*element) : nullptr;
    if (below && below->here()) continue;
    if (!below || below->children().empty()) {
      out.push_back(item);
      continue;
    }
    json rest = remove_typed(*type.items, item, *below);
    if (!rest.is_null()) out.push_back(std::move(rest));
  }
  return out;
}

json remove_members(const MergeType& type, const json& value, const FieldSet& paths) {
  json out = json::object();
  for (const auto& [name, part] : value.items()) {
    const FieldSet* below = paths.find(field_element(name));
    if (below && below->here()) continue;
    if (!below || below->children().empty()) {
      out[name] = part;
      continue;
    }
    const MergeType* known = type.member(name);
    json rest = remove_typed(known ? *known : *deduced_merge_type(), part, *below);
    if (!rest.is_null()) out[name] = std::move(rest);
  }
  return out;
}

}  // namespace

json merge_typed(const MergeType& type, const json& live, const json& config) {
  auto merged = merge_value(type, &live, &config);
  return merged ? std::move(*merged) : json::object();
}

json remove_typed(const MergeType& type, const json& value, const FieldSet& paths) {
  switch (type.shape_of(value)) {
    case Shape::Scalar: return value;
    case Shape::List: {
      if (!value.is_array() || value.empty() || type.list == MergeType::List::Atomic) return nullptr;
      json rest = remove_items(type, value, paths);
      return rest.empty() ? json() : rest;
    }
    case Shape::Map: {
      if (!value.is_object() || value.empty() || type.map == MergeType::Map::Atomic) return nullptr;
      json rest = remove_members(type, value, paths);
      return rest.empty() ? json() : rest;
    }
  }
  return value;
}

}  // namespace berth::crd
