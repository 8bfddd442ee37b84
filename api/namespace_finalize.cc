#include "api/errors.h"
#include "api/preconditions.h"
#include "api/registry.h"
#include "crd/cause.h"
#include "crd/fields.h"

namespace berth::api {

Task<Result<ObjectPtr>> Registry::finalize_namespace(std::string name, json body, WriteOptions options) {
  const auto& namespaces = *scheme_.find("", "v1", "namespaces");
  if (!body.is_object()) co_return bad_request("the object provided is no Namespace");
  json metadata = crd::object_at(body, "metadata");
  for (const char* field : {"name", "namespace", "uid", "resourceVersion"}) {
    const auto* value = crd::find_member(metadata, field);
    if (value && !value->is_null() && !value->is_string()) co_return bad_request(std::string("metadata.") + field + ": must be a string");
    if (value && value->is_null()) metadata.erase(field);
  }
  const ObjectKey key{"", std::move(name)};
  if (auto error = check_key(namespaces, metadata, key)) co_return *error;
  json finalizers = crd::array_at(crd::object_at(body, "spec"), "finalizers");
  for (std::size_t i = 0; i < finalizers.size(); ++i) {
    if (finalizers[i] == std::string(kNamespaceFinalizer)) continue;
    std::vector<Cause> causes = {crd::cause::not_supported("spec.finalizers[" + std::to_string(i) + "]", finalizers[i],
                                                           json::array({std::string(kNamespaceFinalizer)}))};
    co_return invalid(namespaces, key.name, std::move(causes));
  }
  for (int attempt = 1;; ++attempt) {
    auto existing = get(namespaces, key);
    if (existing.has_error()) co_return existing.error();
    const ObjectPtr old = existing.value();
    if (auto error = check_preconditions(namespaces, metadata, *old)) co_return *error;
    json next = old->body();
    next["spec"].erase("finalizers");
    if (!finalizers.empty()) next["spec"]["finalizers"] = finalizers;
    auto result = co_await write_back(namespaces, old, std::move(next), options.dry_run);
    const bool again = result.has_error() && result.error().reason == Reason::Conflict &&
                       crd::text_at(metadata, "resourceVersion").empty() && attempt < kMaxAttempts;
    if (!again) co_return result;
  }
}

}  // namespace berth::api
