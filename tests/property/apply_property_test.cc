#include <map>

#include "crd/managed_update.h"
#include "crd/typed_value.h"
#include "tests/property/holds.h"

// Server-side apply against what it promises: a few managers apply and update one small object in any order.
namespace berth::crd {
namespace {

const std::string kVersion = "v1";

const MergeType& small_type() {
  static const MergeTypePtr kType = merge_type(json::parse(R"({
    "type": "object", "properties": {
      "number": {"type": "integer"},
      "map": {"type": "object", "additionalProperties": {"type": "string"}},
      "whole": {"type": "array", "items": {"type": "string"}},
      "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
      "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
      "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "kind"],
        "items": {"type": "object", "properties": {
          "name": {"type": "string"}, "kind": {"type": "string", "default": "x"}, "value": {"type": "string"},
          "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}}}}}})"));
  return *kType;
}

int pick(int n) { return *rc::gen::inRange(0, n); }
std::string word() { return std::string(1, static_cast<char>('a' + pick(3))); }

json some_set() {
  json set = json::array();
  for (int i = pick(4); i > 0; --i) {
    const json item = word();
    if (std::find(set.begin(), set.end(), item) == set.end()) set.push_back(item);
  }
  return set;
}

json some_list() {
  json list = json::array();
  std::set<std::string> names;
  for (int i = pick(4); i > 0; --i) {
    json item = {{"name", word()}};
    if (pick(3) == 0) item["kind"] = "y";
    if (!names.insert(item["name"].get<std::string>() + item.value("kind", "x")).second) continue;
    if (pick(2) == 0) item["value"] = word();
    if (pick(3) == 0) item["tags"] = some_set();
    list.push_back(std::move(item));
  }
  return list;
}

json some_map() {
  json map = json::object();
  for (int i = pick(4); i > 0; --i) map[word()] = word();
  return map;
}

json some_free(int depth) {
  json map = json::object();
  for (int i = pick(3); i > 0; --i) map[word()] = depth > 0 && pick(2) == 0 ? some_free(depth - 1) : json(word());
  return map;
}

json some_object() {
  json object = {{"apiVersion", kVersion}, {"kind", "Small"}, {"metadata", {{"name", "one"}}}};
  if (pick(2) == 0) object["number"] = pick(3);
  if (pick(2) == 0) object["map"] = some_map();
  if (pick(3) == 0) object["whole"] = some_set();
  if (pick(2) == 0) object["set"] = some_set();
  if (pick(3) == 0) object["free"] = some_free(2);
  if (pick(2) == 0) object["list"] = some_list();
  if (pick(3) == 0) object["metadata"]["labels"] = some_map();
  return object;
}

struct World {
  json live = {{"apiVersion", kVersion}, {"kind", "Small"}, {"metadata", {{"name", "one"}, {"uid", "1"}}}, {"number", 1}};
  ManagedFields entries;
  std::map<std::string, json> applied;  // what each applier said last

  World() { track_update(small_type(), ObjectPart::Whole, writer("maker"), nullptr, live, entries); }

  static FieldWriter writer(const std::string& manager) { return {manager, kVersion, "2026-01-01T00:00:00Z"}; }

  const ManagedEntry* find(const std::string& manager, bool applies) const {
    for (const auto& entry : entries) {
      if (entry.manager == manager && entry.applied == applies) return &entry;
    }
    return nullptr;
  }
  FieldSet owned(const std::string& manager) const {
    const auto* entry = find(manager, true);
    return entry ? entry->fields() : FieldSet();
  }
  // By everybody but one applier.
  FieldSet owned_by_others(const std::string& manager) const {
    FieldSet all;
    for (const auto& entry : entries) {
      if (entry.manager != manager || !entry.applied) all = unite(all, entry.fields());
    }
    return all;
  }

  FieldSet present() const {
    const Comparison all = compare_typed(small_type(), nullptr, &live);
    return unite(all.added, fields_of(small_type(), live));
  }

  void check() const {
    for (const auto& entry : entries) {
      RC_ASSERT(!entry.fields().empty());
      // Nobody owns what is not there.
      RC_ASSERT(subtract(entry.fields(), present()).empty());
      RC_ASSERT((FieldSet::parse(entry.text()).value() == entry.fields()));
      // Who still owns what they applied finds it as they applied it.
      if (!entry.applied) continue;
      const FieldSet agreed = agreed_fields(small_type(), ObjectPart::Whole, applied.at(entry.manager), live);
      RC_ASSERT(subtract(entry.fields(), agreed).empty());
    }
    const json encoded = encode_managed_fields(entries);
    RC_ASSERT((encode_managed_fields(decode_managed_fields(encoded).value()) == encoded));
  }
};

FieldSet without_metadata_name(FieldSet fields) {
  fields.erase("f:apiVersion");
  fields.erase("f:kind");
  const FieldSet* metadata = fields.find("f:metadata");
  FieldSet kept = metadata ? *metadata : FieldSet();
  kept.erase("f:name");
  fields.erase("f:metadata");
  fields.add("f:metadata", std::move(kept));
  return fields;
}

void apply(World& world, const std::string& manager, const json& config, bool force) {
  const World before = world;
  const ApplyRequest request{small_type(), ObjectPart::Whole, World::writer(manager), force};
  auto outcome = apply_config(request, &world.live, config, world.entries);
  const FieldSet wants = without_metadata_name(fields_of(small_type(), config));
  if (outcome.has_error()) {
    RC_ASSERT(!force);
    RC_ASSERT(outcome.error().reason == Reason::Conflict);
    RC_ASSERT(!outcome.error().causes.empty());
    RC_ASSERT((encode_managed_fields(world.entries) == encode_managed_fields(before.entries)));
    return;
  }
  world.live = outcome->body;
  world.applied[manager] = config;
  RC_ASSERT(outcome->changed == (world.live != before.live));
  // The applier owns all that it says, and finds it there.
  RC_ASSERT((world.owned(manager) == wants));
  // Without force nobody loses a field that is still there.
  if (!force) {
    const FieldSet lost = subtract(before.owned_by_others(manager), world.owned_by_others(manager));
    RC_ASSERT(intersect(lost, world.present()).empty());
  }
  // What it no longer says is gone if nobody else owns it, and as it was if somebody does.
  const FieldSet dropped = subtract(before.owned(manager), wants);
  const FieldSet others = world.owned_by_others(manager);
  const Comparison change = compare_typed(small_type(), &before.live, &world.live);
  for (const auto& path : subtract(dropped, others).paths()) {
    const auto there = intersect(fields_of(small_type(), world.live), subtract(dropped, others)).paths();
    // A parent stays while something below it is owned.
    if (std::find(there.begin(), there.end(), path) == there.end()) continue;
    const auto below = others.paths();
    const auto mine = wants.paths();
    const auto covers = [&](const std::string& owned) { return owned.starts_with(path) && owned != path; };
    RC_ASSERT((std::any_of(below.begin(), below.end(), covers) || std::any_of(mine.begin(), mine.end(), covers)));
  }
  RC_ASSERT(intersect(intersect(dropped, others), unite(change.removed, change.modified)).empty());
  // Again: nothing happens.
  const json managed = encode_managed_fields(world.entries);
  auto again = apply_config(request, &world.live, config, world.entries);
  RC_ASSERT(again.has_value());
  RC_ASSERT(!again->changed);
  RC_ASSERT((again->body == world.live));
  // An object that nobody owns is taken for one that was never tracked.
  if (!managed.empty()) RC_ASSERT((encode_managed_fields(world.entries) == managed));
}

void update(World& world, const std::string& manager) {
  json next = some_object();
  next["metadata"]["uid"] = "1";
  track_update(small_type(), ObjectPart::Whole, World::writer(manager), &world.live, next, world.entries);
  world.live = std::move(next);
}

TEST(ApplyProperty, OwnersFindWhatTheyApplied) {
  holds([] {
    World world;
    for (int step = pick(8) + 1; step > 0; --step) {
      if (pick(4) == 0) {
        update(world, word());
      } else {
        apply(world, word(), some_object(), pick(2) == 0);
      }
      world.check();
    }
  });
}

TEST(ApplyProperty, FieldSetsAreAnAlgebra) {
  holds([] {
    const FieldSet a = fields_of(small_type(), some_object());
    const FieldSet b = fields_of(small_type(), some_object());
    RC_ASSERT((unite(a, b) == unite(b, a)));
    RC_ASSERT((intersect(a, b) == intersect(b, a)));
    RC_ASSERT((unite(subtract(a, b), intersect(a, b)) == a));
    RC_ASSERT(intersect(subtract(a, b), b).empty());
    RC_ASSERT((FieldSet::parse(a.text()).value() == a));
  });
}

TEST(ApplyProperty, AMergeTakesNothingAwayAndHappensOnce) {
  holds([] {
    const json live = some_object();
    const json config = some_object();
    const json merged = merge_typed(small_type(), live, config);
    // Everything of the configuration is there.
    const Comparison all = compare_typed(small_type(), nullptr, &merged);
    RC_ASSERT(subtract(fields_of(small_type(), config), unite(fields_of(small_type(), merged), all.added)).empty());
    const Comparison change = compare_typed(small_type(), &live, &merged);
    RC_ASSERT((merge_typed(small_type(), merged, config) == merged));
    FieldSet removed = change.removed;
    removed.erase("f:free");  // there a map may become a text
    RC_ASSERT(removed.empty());
  });
}

}  // namespace
}  // namespace berth::crd
