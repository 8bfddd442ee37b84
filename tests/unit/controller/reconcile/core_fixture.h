#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/registry.h"
#include "api/storage/memory_store.h"
#include "controller/reconcile/core_controllers.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::reconcile {

// The controllers of Kubernetes' own kinds over an in-memory store. TestEnvironments keep their engine
// finalizer until the test takes it off.
struct CoreTest : testing::Test {
  explicit CoreTest(storage::StoreOptions options = {})
      : store(storage::make_memory_store(io.get_executor(), options)) {}
  using MakeStore = std::function<std::unique_ptr<storage::Store>(Executor, base::Clock&)>;
  explicit CoreTest(const MakeStore& make) : store(make(io.get_executor(), clock)) {}

  asio::io_context io;
  fakes::FakeClock clock;
  crd::Scheme scheme = crd::Scheme::builtin();
  std::unique_ptr<storage::Store> store;
  api::Registry registry{scheme, *store, clock};
  metrics::Registry metrics;
  std::unique_ptr<CoreControllers> core;
  const crd::ResourceInfo& maps = *scheme.find("", "v1", "configmaps");
  const crd::ResourceInfo& secrets = *scheme.find("", "v1", "secrets");
  const crd::ResourceInfo& events = *scheme.find("", "v1", "events");
  const crd::ResourceInfo& quotas = *scheme.find("", "v1", "resourcequotas");
  const crd::ResourceInfo& namespaces = *scheme.find("", "v1", "namespaces");
  const crd::ResourceInfo& environments = *scheme.find(crd::kGroup, crd::kVersion, "testenvironments");

  void start() {
    core = std::make_unique<CoreControllers>(io.get_executor(), clock, registry, metrics);
    core->start();
    settle();
  }
  void stop() {
    if (core) fakes::run_task(io, clock, core->stop());
    core.reset();
  }
  ~CoreTest() override { stop(); }

  void settle() { fakes::run_for(io, clock, std::chrono::milliseconds(100)); }

  Result<ObjectPtr> try_make(const crd::ResourceInfo& kind, json body, const std::string& ns = "ci") {
    body["apiVersion"] = kind.gvk.api_version();
    body["kind"] = kind.gvk.kind;
    return fakes::run_task(io, registry.create(kind, kind.namespaced ? ns : "", std::move(body), {}));
  }
  ObjectPtr make(const crd::ResourceInfo& kind, json body, const std::string& ns = "ci") {
    auto made = try_make(kind, std::move(body), ns);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made.value();
  }
  // A ConfigMap that belongs to `owners`.
  ObjectPtr make(const std::string& name, const std::vector<ObjectPtr>& owners = {}, bool blocks = true,
                 const std::string& ns = "ci") {
    json metadata = {{"name", name}};
    for (const auto& owner : owners) metadata["ownerReferences"].push_back(reference(*owner, blocks));
    return make(maps, {{"metadata", metadata}}, ns);
  }
  static json reference(const Object& owner, bool blocks) {
    return {{"apiVersion", owner.gvk().api_version()},
            {"kind", owner.gvk().kind},
            {"name", owner.name()},
            {"uid", owner.uid()},
            {"blockOwnerDeletion", blocks}};
  }
  ObjectPtr environment(const std::string& name, const json& requests = json::object()) {
    return make(environments, environment_body(name, requests));
  }
  static json environment_body(const std::string& name, const json& requests = json::object()) {
    return {
        {"metadata", {{"name", name}}},
        {"spec",
         {{"services",
           json::array({{{"name", "web"}, {"image", "nginx"}, {"resources", {{"requests", requests}}}}})}}}};
  }
  ObjectPtr remove(const crd::ResourceInfo& kind, const std::string& name,
                   api::Propagation propagation = api::Propagation::Default) {
    const ObjectKey key{kind.namespaced ? "ci" : "", name};
    return fakes::run_task(io, registry.remove(kind, key, {}, false, propagation)).value();
  }
  ObjectPtr remove(const std::string& name, api::Propagation propagation = api::Propagation::Default) {
    return remove(maps, name, propagation);
  }
  void release(const ObjectPtr& environment) {
    fakes::run_task(io, registry.remove_finalizer(environments, environment->key(), environment->uid(),
                                                  "berth.dev/engine"))
        .value();
  }
  bool there(const std::string& name) { return registry.get(maps, {"ci", name}).has_value(); }
  ObjectPtr get(const crd::ResourceInfo& kind, const std::string& name) {
    const auto found = registry.get(kind, {kind.namespaced ? "ci" : "", name});
    return found.has_value() ? *found : nullptr;
  }

  // "MODIFIED owner, DELETED dep": the changes of ConfigMaps since `from`.
  std::string story(storage::Revision from) {
    auto watcher = registry.watch(maps, "", from).value();
    std::string text;
    while (auto event = watcher->poll()) {
      const auto type = event->value().type;
      const char* name = type == storage::EventType::Added     ? "ADDED "
                         : type == storage::EventType::Deleted ? "DELETED "
                                                               : "MODIFIED ";
      text += (text.empty() ? "" : ", ") + (name + event->value().key.name);
    }
    return text;
  }
};

}  // namespace berth::reconcile
