#include "controller/source/decision.h"

#include "controller/source/file_names.h"
#include "controller/source/source_names.h"
#include "crd/scheme.h"

namespace berth::source {

namespace {

const json& metadata_map(const json& body, const char* field) {
  static const json kEmpty = json::object();
  const auto metadata = body.find("metadata");
  if (metadata == body.end() || !metadata->is_object()) return kEmpty;
  const auto it = metadata->find(field);
  return it != metadata->end() && it->is_object() ? *it : kEmpty;
}

bool contains_all(const json& all, const json& part) {
  for (const auto& [key, value] : part.items()) {
    const auto it = all.find(key);
    if (it == all.end() || *it != value) return false;
  }
  return true;
}

bool in_sync(const Object& actual, const Manifest& manifest, const std::optional<Applied>& applied) {
  return applied && applied->uid == actual.uid() && applied->generation == actual.generation() &&
         applied->manifest->hash == manifest.hash &&
         contains_all(metadata_map(actual.body(), "labels"), metadata_map(manifest.body, "labels")) &&
         contains_all(metadata_map(actual.body(), "annotations"), metadata_map(manifest.body, "annotations"));
}

// `actual` with what the file says in it, and without the labels and annotations that only an earlier version of it named.
json merge(const Object& actual, const Manifest& manifest) {
  SourceNames earlier = parse_source_names(actual.annotation(kSourceNamesAnnotation));
  earlier.annotations.emplace(kSourceNamesAnnotation);
  json body = actual.body();
  body["spec"] = manifest.body.contains("spec") ? manifest.body["spec"] : json::object();
  for (const auto& [field, names] : {std::pair("labels", &earlier.labels), std::pair("annotations", &earlier.annotations)}) {
    json merged = metadata_map(actual.body(), field);
    const json& wanted = metadata_map(manifest.body, field);
    for (const auto& name : *names) merged.erase(name);
    merged.update(wanted);
    if (merged.empty()) {
      body["metadata"].erase(field);
    } else {
      body["metadata"][field] = std::move(merged);
    }
  }
  return body;
}

Decision decide_live(const Facts& facts) {
  const Manifest& manifest = *facts.want.manifest;
  Decision decision;
  if (!facts.actual) {
    if (facts.finished_hash == manifest.hash) return decision;
    decision.verb = Verb::Create;
    decision.body = manifest.body;
    return decision;
  }
  const Object& actual = *facts.actual;
  if (actual.deleting()) return decision;
  const bool ours = made_by_directory(actual, facts.applied);
  if (!ours && actual.annotation(crd::kAdoptAnnotation) != "true") {
    decision.verb = Verb::Foreign;
    return decision;
  }
  const bool same_content = actual.annotation(crd::kSourceHashAnnotation) == manifest.hash;
  if (finished(actual)) {
    if ((ours && same_content) || facts.finished_hash == manifest.hash) return decision;
    decision.verb = Verb::Delete;
    decision.adopts = !ours;
    decision.remakes = true;
    decision.body = manifest.body;
    return decision;
  }
  if (in_sync(actual, manifest, facts.applied)) return decision;
  const bool known = facts.applied && facts.applied->uid == actual.uid();
  decision.verb = Verb::Replace;
  decision.adopts = !ours;
  decision.reverts = known && facts.applied->manifest->hash == manifest.hash &&
                     facts.applied->manifest->file == manifest.file;
  decision.body = merge(actual, manifest);
  return decision;
}

Decision decide_gone(const Facts& facts) {
  Decision decision;
  const bool ours = facts.actual && made_by_directory(*facts.actual, facts.applied);
  decision.verb = ours && !facts.actual->deleting() ? Verb::Delete : Verb::Forget;
  return decision;
}

}  // namespace

bool finished(const Object& object) {
  const json& status = object.status();
  const auto phase = status.find("phase");
  if (phase == status.end() || !phase->is_string()) return false;
  if (*phase == "Expired") return true;
  if (*phase != "Failed") return false;
  const auto observed = status.find("observedGeneration");
  return observed == status.end() || !observed->is_number_integer() ||
         observed->get<std::int64_t>() >= object.generation();
}

bool made_by_directory(const Object& object, const std::optional<Applied>& applied) {
  if (applied && applied->uid == object.uid()) return true;
  return !object.annotation(crd::kSourceAnnotation).empty() &&
         is_source_mark(object.annotation(crd::kSourceHashAnnotation), object.ns(), object.name());
}

Decision decide(const Facts& facts) {
  switch (facts.want.wish) {
    case Wish::Live: return decide_live(facts);
    case Wish::Gone: return decide_gone(facts);
    case Wish::None:
    case Wish::Leave: break;
  }
  return {};
}

}  // namespace berth::source
