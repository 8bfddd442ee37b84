#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/registry.h"
#include "api/storage/memory_store.h"
#include "base/task_group.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_journal.h"
#include "tests/fakes/run_task.h"

namespace berth::api {

using fakes::run_task;

// A kind like TestEnvironment, but small: Widget, with a finalizer, a default inside a list and a rule.
inline crd::ResourceInfo widgets() {
  crd::ResourceInfo info;
  info.gvk = {"berth.dev", "v1alpha1", "Widget"};
  info.plural = "widgets";
  info.singular = "widget";
  info.has_status = true;
  info.finalizers = {std::string(crd::kEngineFinalizer)};
  info.schema = json::parse(R"({
    "type": "object", "required": ["spec"],
    "properties": {
      "spec": {"type": "object", "required": ["image"], "properties": {
        "image": {"type": "string"},
        "replicas": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
        "ports": {"type": "array", "items": {"type": "object", "properties": {
          "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}}}}}},
      "status": {"type": "object", "properties": {
        "phase": {"type": "string", "enum": ["Pending", "Ready"]}, "observed": {"type": "integer"}}}}})");
  info.rules = [](const json& object, const json* old) -> std::vector<Cause> {
    const auto& image = object["spec"]["image"];
    if (image == "forbidden") return {{"FieldValueForbidden", "Forbidden: not this one", "spec.image"}};
    if (old && image == "new-only")
      return {{"FieldValueInvalid", "Invalid value: only for new ones", "spec.image"}};
    return {};
  };
  return info;
}

inline json widget(const std::string& name, const std::string& image = "nginx") {
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "Widget"},
          {"metadata", {{"name", name}}},
          {"spec", {{"image", image}}}};
}

inline const crd::Scheme& shared_scheme() {
  static const crd::Scheme kScheme = [] {
    auto scheme = crd::Scheme::builtin();
    scheme.add(widgets());
    return scheme;
  }();
  return kScheme;
}

inline std::string outcome(const Result<ObjectPtr>& result) {
  if (result.has_value()) return "ok";
  return std::string(to_string(result.error().reason)) + ": " + result.error().message;
}

struct RegistryTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  const crd::Scheme& scheme = shared_scheme();
  const crd::ResourceInfo& kind = *scheme.find_kind({"berth.dev", "v1alpha1", "Widget"});
  const crd::ResourceInfo& namespaces = *scheme.find("", "v1", "namespaces");
  const crd::ResourceInfo& leases = *scheme.find("coordination.k8s.io", "v1", "leases");
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  Registry registry{scheme, *store, clock};
  WriteOptions options;

  Result<ObjectPtr> create(json body, const std::string& ns = "ci") {
    return run_task(io, registry.create(kind, ns, std::move(body), options));
  }
  Result<ObjectPtr> replace(json body, const std::string& name = "web") {
    return run_task(io, registry.replace(kind, {"ci", name}, std::move(body), options));
  }
  Result<ObjectPtr> update_status(json body, const std::string& name = "web") {
    return run_task(io, registry.update_status(kind, {"ci", name}, std::move(body), options));
  }
  Result<ObjectPtr> remove(const std::string& name = "web", DeletePreconditions preconditions = {},
                           bool dry = false) {
    return run_task(io, registry.remove(kind, {"ci", name}, std::move(preconditions), dry));
  }
  ObjectPtr stored(const std::string& name = "web") { return registry.get(kind, {"ci", name}).value(); }
  json made(const std::string& name = "web") { return create(widget(name)).value()->body(); }
};

// Writes that run at once.
struct RegistryRaceTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  const crd::Scheme& scheme = shared_scheme();
  const crd::ResourceInfo& kind = *scheme.find_kind({"berth.dev", "v1alpha1", "Widget"});
  std::shared_ptr<fakes::FakeDisk> disk = std::make_shared<fakes::FakeDisk>();
  std::unique_ptr<storage::Store> store = fakes::open_fake_store(io.get_executor(), disk);
  Registry registry{scheme, *store, clock};
  std::vector<std::string> outcomes;
  TaskGroup group{io.get_executor(), "race"};

  static Task<void> keep(Task<Result<ObjectPtr>> work, std::vector<std::string>& outcomes) {
    const auto result = co_await std::move(work);
    outcomes.push_back(outcome(result));
  }
  void start(Task<Result<ObjectPtr>> work) { group.spawn("write", keep(std::move(work), outcomes)); }
  void finish() { run_task(io, group.join()); }
};

}  // namespace berth::api
