#include "controller/reconcile/status_write.h"

namespace berth::reconcile {

Task<Result<void>> write_status(api::Registry& registry, const crd::ResourceInfo& resource, ObjectPtr object, json status) {
  if (status == object->status()) co_return Result<void>();
  json body = object->body();
  body["metadata"].erase("resourceVersion");
  body["status"] = std::move(status);
  api::WriteOptions options;
  options.actor = api::Actor::System;
  options.field_manager = "berthd";
  auto written = co_await registry.update_status(resource, object->key(), std::move(body), std::move(options));
  if (written.has_error() && written.error().reason != Reason::NotFound) co_return written.error();
  co_return Result<void>();
}

}  // namespace berth::reconcile
