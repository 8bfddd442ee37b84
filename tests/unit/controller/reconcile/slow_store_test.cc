#include "controller/plan/names.h"
#include "tests/fakes/slow_journal.h"
#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BERTH_SLOW_BUILD
#endif
#endif
#ifdef BERTH_SLOW_BUILD
constexpr unsigned kSeeds = 1;
#else
constexpr unsigned kSeeds = 6;
#endif

// A store whose writes take their time and may fail: what was committed is never overwritten by what was decided before it, and
// what runs is always what the stored status says.
struct SlowStoreTest : ReconcileWorld {
  std::shared_ptr<fakes::SlowDisk> disk;
  std::unique_ptr<storage::Watcher> watcher;
  std::map<std::string, std::pair<std::string, std::int64_t>> last;  // by uid: phase and generation of the last status
  std::mt19937 random{1};
  std::set<std::uint16_t> held;

  SlowStoreTest() : SlowStoreTest(std::make_shared<fakes::SlowDisk>()) {}
  explicit SlowStoreTest(std::shared_ptr<fakes::SlowDisk> d)
      : ReconcileWorld([d](Executor executor, base::Clock& clock) { return fakes::make_slow_store(executor, clock, d); }), disk(d) {
    engine.latency = {{"network_create", 40ms}, {"container_create", 20ms}, {"container_start", 80ms}, {"container_remove", 30ms}};
  }

  bool one_in(unsigned n) { return random() % n == 0; }
  static std::string name(unsigned number) { return "e" + std::to_string(number); }
  template <class T>
  void ignore(Task<T> task) {
    static_cast<void>(fakes::run_task(io, clock, std::move(task)));
  }

  void check_history() {
    while (auto event = watcher->poll()) {
      ASSERT_TRUE(event->has_value());
      const auto& object = (*event)->object;
      if ((*event)->type == storage::EventType::Deleted) {
        last.erase(object->uid());
        continue;
      }
      const auto phase = object->status().value("phase", "");
      const auto generation = object->status().value("observedGeneration", std::int64_t{0});
      const auto before = last[object->uid()];
      const bool was_over = before.first == "Failed" || before.first == "Expired";
      EXPECT_FALSE(was_over && generation == before.second && phase != before.first && phase != "Terminating")
          << object->name() << " went from " << before.first << " to " << phase;
      EXPECT_GE(generation, before.second) << object->name();
      last[object->uid()] = {phase, generation};
    }
  }
  void check_engine() {
    for (const auto& container : engine.containers()) {
      const auto object = get(container.labels.at(plan::kEnvironmentLabel));
      if (!object || object->uid() != container.labels.at(plan::kUidLabel)) continue;
      const auto leases = plan::leases_of(object->status());
      EXPECT_NE(leases.subnet, "") << container.name;
      for (const auto& port : container.ports) {
        const bool stored = std::any_of(leases.ports.begin(), leases.ports.end(),
                                        [&](const auto& lease) { return lease.host_port == port.host_port; });
        EXPECT_TRUE(stored) << container.name << " publishes " << port.host_port << ", which is not in its status";
      }
    }
  }

  void make(const std::string& name) {
    auto body = two_services(name);
    body["spec"]["readyDeadlineSeconds"] = 15;
    if (one_in(4)) body["spec"]["ttlSeconds"] = 20;
    ignore(user.create(kind, "ci", std::move(body), {}));
  }
  void edit(const std::string& name, bool ports) {
    auto body = get(name)->body();
    auto& services = body["spec"]["services"];
    if (!ports) {
      services[random() % 2]["env"] = {{{"name", "A"}, {"value", std::to_string(random())}}};
    } else if (services[0]["ports"].size() == 1) {
      services[0]["ports"].push_back({{"name", "x"}, {"containerPort", 99}, {"env", "XP"}});
    } else {
      services[0]["ports"].erase(1);
    }
    ignore(user.replace(kind, {"ci", name}, std::move(body), {}));
  }
  void disturb() {
    const auto which = name(random() % 4);
    const auto object = get(which);
    const bool lives = object && !object->deleting();
    switch (random() % 9) {
      case 0:
      case 1: return object ? void() : make(which);
      case 2: return lives ? edit(which, false) : void();
      case 3: return lives ? edit(which, true) : void();
      case 4:
        if (object && one_in(3)) ignore(user.remove(kind, {"ci", which}, {}));
        return;
      case 5: {
        const auto containers = engine.containers();
        if (!containers.empty()) engine.kill(containers[random() % containers.size()].id);
        return;
      }
      case 6: {
        const auto port = static_cast<std::uint16_t>(30000 + random() % 12);
        if (held.size() < 5 && held.insert(port).second) engine.hold_port("127.0.0.1", port);
        return;
      }
      case 7: {
        const auto answer = one_in(3) ? Dial::Refused : Dial::Open;
        if (one_in(3)) transport.rule = [answer](auto&, auto) { return answer; };
        return;
      }
      case 8:
        if (!one_in(4)) return;
        stop();
        run(std::chrono::milliseconds(random() % 300));
        start();
        return;
    }
  }

  void play(unsigned seed, int failures) {
    random.seed(seed);
    disk->random.seed(seed);
    disk->fails_one_in = failures;
    last.clear();
    watcher = store->watch("testenvironments.berth.dev", "", store->revision()).value();
    for (int step = 0; step < 40; ++step) {
      disturb();
      for (int look = 0; look < 5; ++look) {
        run(std::chrono::milliseconds(1 + random() % (step % 7 == 0 ? 2000 : 60)));
        check_history();
        check_engine();
      }
    }
    disk->fails_one_in = 0;
    transport.rule = [](auto&, auto) { return Dial::Open; };
    run(400s);
    check_history();
    settled();
    for (int i = 0; i < 4; ++i) {
      if (get(name(i))) ignore(user.remove(kind, {"ci", name(i)}, {}));
    }
    run(120s);
    watcher.reset();
    nothing_left();
    for (const auto port : std::exchange(held, {})) engine.release_port("127.0.0.1", port);
  }
  void settled() {
    std::size_t ports = 0;
    for (int i = 0; i < 4; ++i) {
      const auto object = get(name(i));
      if (!object) continue;
      EXPECT_THAT(phase(name(i)), testing::AnyOf("Ready", "Failed", "Expired")) << crd::dump(object->status()["conditions"]);
      ports += plan::leases_of(object->status()).ports.size();
    }
    EXPECT_EQ(berthd->host().ports.counts(clock.system_now()).leased, static_cast<int>(ports));
    engine.forget_calls();
    run(2min);
    EXPECT_THAT(changes(), testing::IsEmpty());
  }
  void nothing_left() {
    EXPECT_TRUE(engine.containers().empty() && engine.networks().empty());
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(get(name(i))) << name(i);
    EXPECT_EQ(berthd->host().ports.counts(clock.system_now()).leased, 0);
    EXPECT_EQ(berthd->host().subnets.counts(clock.system_now()).leased, 0);
  }
};

TEST_F(SlowStoreTest, WhatWasCommittedIsNeverOverwritten) {
  for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(seed, 0);
  }
}

Task<void> end_by_ttl(api::LocalClient& user, const crd::ResourceInfo& kind, ObjectPtr object) {
  auto body = object->body();
  body["spec"]["ttlSeconds"] = 1;
  const auto key = object->key();
  api::WriteOptions options;
  const auto written = co_await user.replace(kind, key, std::move(body), std::move(options));
  EXPECT_TRUE(written.has_value());
}

// The status waits for the very write that ends the environment, and is made again when the ending is already on its way.
TEST_F(SlowStoreTest, AnEndingIsNotOverwrittenByAStatusThatWaited) {
  watcher = store->watch("testenvironments.berth.dev", "", store->revision()).value();
  TaskGroup writers(io.get_executor(), "writers");
  for (unsigned round = 0; round < 40; ++round) {
    ignore(user.create(kind, "ci", environment(name(round), {service("a")}), {}));
    run(2s);
    ASSERT_EQ(phase(name(round)), "Ready");
    writers.spawn("end", end_by_ttl(user, kind, get(name(round))));
    run(std::chrono::milliseconds(random() % 10));
    engine.kill(container_of(name(round), "a"));
    run(3s);
    check_history();
    EXPECT_EQ(phase(name(round)), "Expired");
  }
  fakes::run_task(io, clock, writers.stop());
}

TEST_F(SlowStoreTest, WritesThatFailAreMadeAgain) {
  for (unsigned seed = 100; seed < 100 + kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(seed, 8);
  }
}

}  // namespace
}  // namespace berth::reconcile
