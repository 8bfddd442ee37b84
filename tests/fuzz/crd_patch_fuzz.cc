#include "crd/json_patch.h"
#include "crd/managed_update.h"
#include "crd/strategic_merge_patch.h"
#include "crd/typed_value.h"

namespace {

using namespace berth::crd;

const MergeType& fuzzed_type() {
  static const MergeTypePtr kType = merge_type(json::parse(R"({
    "type": "object", "properties": {
      "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
      "l": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"],
        "items": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string", "default": "x"},
          "c": {"type": "array", "items": {"type": "string"}}}}},
      "m": {"type": "object", "additionalProperties": {"type": "string"}},
      "f": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
      "n": {"x-kubernetes-int-or-string": true}}})"));
  return *kType;
}

// Of what a client may send, only what fits the schema gets this far.
void apply_twice(const json& live, const json& config) {
  if (!check_typed(fuzzed_type(), config).empty() || !check_typed(fuzzed_type(), live).empty()) return;
  ManagedFields entries;
  const ApplyRequest request{fuzzed_type(), ObjectPart::Whole, {"me", "v1", "2026-01-01T00:00:00Z"}, true};
  auto first = apply_config(request, &live, config, entries);
  if (first.has_error()) __builtin_trap();
  const json managed = encode_managed_fields(entries);
  auto second = apply_config(request, &first->body, config, entries);
  if (second.has_error() || second->changed || second->body != first->body) __builtin_trap();
  if (encode_managed_fields(entries) != managed) __builtin_trap();
}

}  // namespace

// Three documents, one a line: an object, a patch of any sort, a field set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> lines;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  lines.resize(3);
  if (auto set = FieldSet::parse(lines[2]); set.has_value()) {
    if (!(FieldSet::parse(set->text()).value() == set.value())) __builtin_trap();
    (void)set->paths();
    (void)unite(set.value(), subtract(set.value(), intersect(set.value(), set.value())));
  }
  auto object = parse_json(lines[0]);
  auto patch = parse_json(lines[1]);
  if (object.has_error() || patch.has_error() || !object->is_object()) return 0;
  (void)apply_json_patch(object.value(), patch.value());
  if (!patch->is_object()) return 0;
  (void)apply_strategic_merge_patch(fuzzed_type(), object.value(), patch.value());
  apply_twice(object.value(), patch.value());
  return 0;
}
