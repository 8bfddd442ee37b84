#include "cli/run_manifest.h"

#include "cli/fields.h"

namespace berth::cli {

namespace {

constexpr std::size_t kLongestPrefix = 57;  // with a dash and five random letters: a DNS label of 63
constexpr std::int64_t kDefaultLease = 60;
constexpr std::int64_t kKeptSeconds = 3600;

void default_to(json& spec, const char* field, json value) {
  if (at(spec, {field}).is_null()) spec[field] = std::move(value);
}

}  // namespace

Result<RunManifest> make_run_manifest(Manifest manifest, const RunOptions& options) {
  if (manifest.resource->gvk.kind != "TestEnvironment") {
    return base::error(Reason::BadRequest, manifest.place("kind") + ": kind: a TestEnvironment is expected");
  }
  if (manifest.name().empty()) {
    return base::error(Reason::BadRequest, manifest.place("metadata") + ": metadata.name: Required value");
  }
  RunManifest result;
  result.body = manifest.body;
  auto& metadata = result.body["metadata"];
  const auto name = text_at(metadata, {"name"});
  if (!name.empty()) {
    auto prefix = name.substr(0, kLongestPrefix);
    while (prefix.ends_with('-')) prefix.pop_back();
    metadata["generateName"] = prefix + "-";
    metadata.erase("name");
  }
  auto& spec = result.body["spec"];
  if (spec.is_null()) spec = json::object();
  if (!spec.is_object()) {
    return base::error(Reason::BadRequest, manifest.place("spec") + ": spec: Invalid value: must be an object");
  }
  if (options.lease) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*options.lease).count();
    if (seconds < 1) return base::error(Reason::BadRequest, "--lease: one second or more is expected");
    spec["leaseDurationSeconds"] = seconds;
  }
  default_to(spec, "leaseDurationSeconds", kDefaultLease);
  if (options.keep) {
    spec["onFailure"] = "Keep";
    default_to(spec, "ttlSecondsAfterFinished", kKeptSeconds);
  }
  default_to(spec, "ttlSecondsAfterFinished", 0);
  result.lease = std::chrono::seconds(number_at(spec, {"leaseDurationSeconds"}, kDefaultLease));
  result.manifest = std::move(manifest);
  return result;
}

}  // namespace berth::cli
