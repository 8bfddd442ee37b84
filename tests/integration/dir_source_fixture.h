#pragma once

#include "controller/source/dir_source.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "api/client/local_client.h"
#include "api/storage/memory_store.h"
#include "base/clock.h"
#include "crd/scheme.h"
#include "metrics/registry.h"
#include "tests/fakes/run_task.h"

namespace berth::source {
namespace testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

inline constexpr auto kDelay = 300ms;
inline constexpr auto kPatience = 10s;

inline std::string environment(const std::string& name, const std::string& image = "redis:7") {
  return "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: " + name +
         "\nspec:\n  services:\n  - name: a\n    image: " + image + "\n";
}

inline void write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::trunc) << text; }

// As most programs save: a hidden draft, then a rename.
inline void save(const fs::path& file, const std::string& text) {
  const fs::path draft = file.parent_path() / ("." + file.filename().string() + ".new");
  write(draft, text);
  fs::rename(draft, file);
}

// Takes capabilities from this thread, and from those that it starts meanwhile. Who has none loses none.
class WithoutCapabilities {
 public:
  WithoutCapabilities(std::initializer_list<unsigned> names) {
    if (::syscall(SYS_capget, &header_, before_.data()) != 0) std::abort();
    auto less = before_;
    for (const unsigned name : names) less[name / 32].effective &= ~(1U << (name % 32));
    if (::syscall(SYS_capset, &header_, less.data()) != 0) std::abort();
  }
  ~WithoutCapabilities() { ::syscall(SYS_capset, &header_, before_.data()); }
  WithoutCapabilities(const WithoutCapabilities&) = delete;
  WithoutCapabilities& operator=(const WithoutCapabilities&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> before_{};
};

struct Heard {
  std::string name;
  std::string reason;
  std::string message;
};

// A whole path from directories to a store in memory, with the real clock and the real inotify.
class DirSourceTest : public ::testing::Test {
 protected:
  DirSourceTest() {
    std::string text = (fs::temp_directory_path() / "berth-source-XXXXXX").string();
    top = ::mkdtemp(text.data());
    dir = top / "manifests";
    fs::create_directory(dir);
    options.directories = {dir};
    options.prune_delay = kDelay;
    options.state_file = top / "finished.json";
  }
  ~DirSourceTest() override {
    stop();
    fakes::run_task(io, store->stop());
    std::error_code ignored;
    fs::permissions(dir, fs::perms::owner_all, ignored);
    fs::remove_all(top, ignored);
  }

  void start() {
    informer = std::make_unique<runtime::Informer>(io.get_executor(), clock, client, *resource);
    source = std::make_unique<DirSource>(
        io.get_executor(), clock, client, scheme, *informer, metrics,
        [this](const ObjectPtr& about, bool, std::string reason, std::string message) {
          events.push_back({about ? about->name() : "", std::move(reason), std::move(message)});
        },
        options);
    const auto started = source->start();
    ASSERT_FALSE(started.has_error()) << started.error().message;
    informer->start();
  }

  void stop() {
    if (!source) return;
    fakes::run_task(io, source->stop());
    fakes::run_task(io, informer->stop());
    source.reset();
    informer.reset();
  }

  ObjectPtr get(const std::string& name) {
    const auto found = registry.get(*resource, {"default", name});
    return found.has_value() ? found.value() : nullptr;
  }
  std::string image(const std::string& name) {
    const auto object = get(name);
    return object ? object->spec()["services"][0].value("image", "") : "";
  }
  bool alive(const std::string& name) {
    const auto object = get(name);
    return object && !object->deleting();
  }
  bool heard(const std::string& name, const std::string& reason) {
    return std::any_of(events.begin(), events.end(),
                       [&](const Heard& event) { return event.name == name && event.reason == reason; });
  }
  bool shows(const std::string& line) { return series.text().find("\n" + line + "\n") != std::string::npos; }

  template <class Condition>
  bool eventually(Condition condition, std::chrono::milliseconds patience = kPatience) {
    const auto end = clock.steady_now() + patience;
    while (!condition()) {
      if (clock.steady_now() > end) return false;
      io.restart();
      io.run_one_for(5ms);
    }
    return true;
  }
  // Lets time pass.
  void pass(std::chrono::milliseconds time) {
    eventually([] { return false; }, time);
  }
  template <class Condition>
  bool stays(Condition condition, std::chrono::milliseconds time = 3 * kDelay) {
    return !eventually([&] { return !condition(); }, time);
  }

  // As the reconciler does when nothing is left on the engine.
  void finish_deletion(const std::string& name) {
    const auto object = get(name);
    ASSERT_TRUE(object && object->deleting());
    std::string uid = object->uid();
    std::string finalizer(crd::kEngineFinalizer);
    ObjectKey key{"default", name};
    auto done = fakes::run_task(io, registry.remove_finalizer(*resource, key, uid, finalizer));
    ASSERT_FALSE(done.has_error());
  }
  void set_phase(const std::string& name, const std::string& phase) {
    json body = get(name)->body();
    body["status"]["phase"] = phase;
    body["status"]["observedGeneration"] = get(name)->generation();
    ObjectKey key{"default", name};
    api::WriteOptions write_options;
    write_options.actor = api::Actor::System;
    auto done = fakes::run_task(io, registry.update_status(*resource, key, std::move(body), write_options));
    ASSERT_FALSE(done.has_error()) << done.error().message;
  }
  void remove(const std::string& name) {
    ObjectKey key{"default", name};
    api::DeletePreconditions none;
    auto done = fakes::run_task(io, registry.remove(*resource, key, none, false));
    ASSERT_FALSE(done.has_error()) << done.error().message;
  }
  void create(const std::string& name, const json& annotations) {
    json body = {{"apiVersion", "berth.dev/v1alpha1"},
                 {"kind", "TestEnvironment"},
                 {"metadata", {{"name", name}, {"annotations", annotations}}},
                 {"spec", {{"services", json::array({{{"name", "a"}, {"image", "mine"}}})}}}};
    std::string ns = "default";
    api::WriteOptions write_options;
    auto done = fakes::run_task(io, registry.create(*resource, ns, std::move(body), write_options));
    ASSERT_FALSE(done.has_error()) << done.error().message;
  }

  fs::path top;
  fs::path dir;
  DirSourceOptions options;
  std::vector<Heard> events;
  asio::io_context io;
  base::SystemClock clock;
  crd::Scheme scheme = crd::Scheme::builtin();
  const crd::ResourceInfo* resource = scheme.find("berth.dev", "v1alpha1", "testenvironments");
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor(), storage::StoreOptions{});
  api::Registry registry{scheme, *store, clock};
  api::LocalClient client{registry, api::Actor::System};
  metrics::Registry series;
  metrics::ManifestMetrics metrics{series};
  std::unique_ptr<runtime::Informer> informer;
  std::unique_ptr<DirSource> source;
};

#define EVENTUALLY(condition) EXPECT_TRUE(eventually([&] { return (condition); })) << #condition
#define STAYS(condition) EXPECT_TRUE(stays([&] { return (condition); })) << #condition

}  // namespace testing
}  // namespace berth::source
