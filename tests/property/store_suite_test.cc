// What every Store promises, named, over every implementation, against a model that is a map and a list.

#include <boost/asio/io_context.hpp>
#include <map>

#include "tests/property/holds.h"
#include "tests/property/stores.h"
#include "tests/unit/api/storage/store_helpers.h"

namespace berth::storage {
namespace {

using fakes::run_task;
using fakes::settle;

// ---- what happens to them

struct Op {
  enum Kind { Put, Create, Delete, PutCurrent, PutStale, DeleteCurrent, DeleteStale } kind = Put;
  int key = 0;
  int value = 0;
  bool wait = false;  // for everything that is in flight, before the next one
};

void showValue(const Op& op, std::ostream& out) {
  static const char* const kNames[] = {"put",       "create",         "delete",      "put-current",
                                       "put-stale", "delete-current", "delete-stale"};
  out << kNames[op.kind] << "(" << op.key << ", " << op.value << ")" << (op.wait ? "; wait" : "");
}

rc::Gen<std::vector<Op>> ops() {
  return rc::gen::container<std::vector<Op>>(rc::gen::build<Op>(
      rc::gen::set(&Op::kind, rc::gen::element(Op::Put, Op::Create, Op::Delete, Op::PutCurrent, Op::PutStale,
                                               Op::DeleteCurrent, Op::DeleteStale)),
      rc::gen::set(&Op::key, rc::gen::inRange(0, 4)), rc::gen::set(&Op::value, rc::gen::inRange(0, 100)),
      rc::gen::set(&Op::wait, rc::gen::arbitrary<bool>())));
}

StoreKey key_of(int number) {
  return {number == 3 ? "gadgets" : "things", number == 2 ? "dev" : "ci", "n" + std::to_string(number)};
}

// ---- the model

struct Model {
  struct Change {
    EventType type;
    Revision revision;
    StoreKey key;
    int value;
    std::optional<int> before;
    bool operator==(const Change&) const = default;
  };
  std::map<StoreKey, std::pair<Revision, int>> state;
  std::vector<Change> log;
  Revision revision = 0;

  Write write(const Op& op) const {
    const auto key = key_of(op.key);
    const auto found = state.find(key);
    const Revision current = found == state.end() ? revision + 1000 : found->second.first;
    switch (op.kind) {
      case Op::Put:
        return put(key, op.value);
      case Op::Create:
        return put(key, op.value, 0);
      case Op::Delete:
        return erase(key);
      case Op::PutCurrent:
        return put(key, op.value, current);
      case Op::PutStale:
        return put(key, op.value, current + 1);
      case Op::DeleteCurrent:
        return erase(key, current);
      case Op::DeleteStale:
        return erase(key, current + 1);
    }
    return {};
  }

  // The outcome as Commits shows it.
  std::string commit(const Write& write) {
    const auto found = state.find(write.key);
    const bool there = found != state.end();
    if (write.expected == Revision{0} && there) return "AlreadyExists";
    if (!there && (!write.body || write.expected.value_or(0) != 0)) return "NotFound";
    if (there && write.expected && *write.expected != found->second.first) return "Conflict";
    ++revision;
    const std::optional<int> before = there ? std::optional(found->second.second) : std::nullopt;
    const int value = write.body ? (*write.body)["spec"]["value"].get<int>() : *before;
    log.push_back({!write.body ? EventType::Deleted
                   : there     ? EventType::Modified
                               : EventType::Added,
                   revision, write.key, value, before});
    if (write.body) {
      state[write.key] = {revision, value};
    } else {
      state.erase(found);
    }
    return std::to_string(revision);
  }

  std::vector<Change> after(Revision from, const std::string& resource, const std::string& ns) const {
    std::vector<Change> changes;
    for (const auto& change : log) {
      if (change.revision > from && change.key.resource == resource && (ns.empty() || change.key.ns == ns)) {
        changes.push_back(change);
      }
    }
    return changes;
  }
};

void showValue(const Model::Change& change, std::ostream& out) {
  out << static_cast<int>(change.type) << " " << change.key.name << "@" << change.revision << "="
      << change.value;
}

std::vector<Model::Change> read(Watcher& watcher) {
  std::vector<Model::Change> changes;
  while (auto event = watcher.poll()) {
    const auto& e = event->value();
    RC_ASSERT(e.object->revision() == e.revision);
    changes.push_back({e.type, e.revision, e.key, value_of(e.object),
                       e.previous ? std::optional(value_of(e.previous)) : std::nullopt});
  }
  return changes;
}

void check_state(const Store& store, const Model& model) {
  RC_ASSERT(store.revision() == model.revision);
  std::size_t listed = 0;
  for (const char* resource : {"things", "gadgets"}) {
    const auto list = store.list(resource, "");
    RC_ASSERT(list.revision == model.revision);
    for (const auto& object : list.items) {
      const auto& expected = model.state.at({resource, object->ns(), object->name()});
      RC_ASSERT(object->revision() == expected.first);
      RC_ASSERT(value_of(object) == expected.second);
      ++listed;
    }
    RC_ASSERT(std::is_sorted(list.items.begin(), list.items.end(),
                             [](const auto& a, const auto& b) { return a->key() < b->key(); }));
  }
  RC_ASSERT(listed == model.state.size());
}

// A store of type S with its model; every commit goes to both.
template <class S>
struct Trial {
  asio::io_context io;
  S implementation;
  StoreOptions options;
  std::unique_ptr<Store> store;
  Model model;
  Commits commits{io};
  std::vector<std::string> expected;

  explicit Trial(StoreOptions o = {}) : options(o) { store = implementation.open(io, options); }
  ~Trial() {
    run_task(io, commits.group().stop());
    run_task(io, store->stop());
  }
  void reopen() {
    finish();
    run_task(io, store->stop());
    store.reset();
    store = implementation.open(io, options);
  }
  void start(const Op& op) {
    auto write = model.write(op);
    expected.push_back(model.commit(write));
    commits.start(*store, std::move(write));
    if (op.wait) finish();
  }
  void finish() { run_task(io, commits.group().join()); }
  void all(const std::vector<Op>& ops) {
    for (const auto& op : ops) start(op);
    finish();
  }
};

template <class S>
struct StoreSuite : testing::Test {};
using Stores = testing::Types<Memory, Journaled, Sqlite>;
TYPED_TEST_SUITE(StoreSuite, Stores);

// Whatever races, each commit ends as if they had run one after the other in the order they were started.
TYPED_TEST(StoreSuite, Atomic) {
  holds([] {
    const auto script = *ops();
    Trial<TypeParam> run;
    run.all(script);
    RC_ASSERT(run.commits.outcomes() == run.expected);
    check_state(*run.store, run.model);
  });
}

// A watch shows every change once (Reliable, Unique), by rising revision (Ordered), with the state before it;
// however its reading is interleaved with the writing.
TYPED_TEST(StoreSuite, OrderedUniqueReliable) {
  holds([] {
    const auto script = *ops();
    const auto ns = *rc::gen::element<std::string>("", "ci");
    Trial<TypeParam> run;
    auto watcher = run.store->watch("things", ns, 0).value();
    std::vector<Model::Change> seen;
    for (const auto& op : script) {
      run.start(op);
      for (auto& change : read(*watcher)) seen.push_back(std::move(change));
    }
    run.finish();
    for (auto& change : read(*watcher)) seen.push_back(std::move(change));
    RC_ASSERT(seen == run.model.after(0, "things", ns));
  });
}

// A watch can be taken up again at any revision, at any time.
TYPED_TEST(StoreSuite, Resumable) {
  holds([] {
    const auto before = *ops();
    const auto after = *ops();
    Trial<TypeParam> run;
    run.all(before);
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (Revision from = 0; from <= run.model.revision; ++from) {
      watchers.push_back(run.store->watch("things", "", from).value());
    }
    run.all(after);
    for (Revision from = 0; from < watchers.size(); ++from) {
      RC_ASSERT(read(*watchers[from]) == run.model.after(from, "things", ""));
    }
  });
}

// With little history kept: either the watch is complete or it is Expired, never something between.
TYPED_TEST(StoreSuite, ResumableOrExpired) {
  holds([] {
    const auto script = *ops();
    StoreOptions options;
    options.history = *rc::gen::inRange<std::size_t>(1, 8);
    Trial<TypeParam> run(options);
    run.all(script);
    for (int round = 0; round < 2; ++round) {
      for (Revision from = 0; from <= run.model.revision; ++from) {
        auto watcher = run.store->watch("things", "", from);
        const bool kept = run.model.revision - from <= options.history;
        RC_ASSERT(watcher.has_value() == kept);
        if (kept) RC_ASSERT(read(*watcher.value()) == run.model.after(from, "things", ""));
        if (!kept) RC_ASSERT(watcher.error().reason == Reason::Expired);
      }
      if (!TypeParam::kDurable) break;
      run.reopen();
    }
  });
}

Task<bool> commit_then_read(Store& store, Write write) {
  const auto key = write.key;
  const bool deletes = !write.body;
  const auto result = co_await store.commit(std::move(write));
  const auto object = store.get(key);
  if (result.has_error()) {
    // The reason can be seen as well.
    const auto reason = result.error().reason;
    co_return reason == Reason::NotFound ? object == nullptr : object != nullptr;
  }
  const auto revision = result.value()->revision();
  co_return store.revision() >= revision && (deletes ? !object : object && object->revision() == revision);
}

// Whoever's commit ended sees it, and whoever was refused sees why.
TYPED_TEST(StoreSuite, ReadYourWrites) {
  holds([] {
    const auto script = *ops();
    Trial<TypeParam> run;
    for (const auto& op : script) {
      auto write = run.model.write(op);
      run.model.commit(write);
      RC_ASSERT(run_task(run.io, commit_then_read(*run.store, std::move(write))));
    }
  });
}

// Of many that expect the same state exactly one wins.
TYPED_TEST(StoreSuite, OneWinnerOfARace) {
  holds([] {
    const auto racers = *rc::gen::inRange(2, 20);
    Trial<TypeParam> run;
    for (int i = 0; i < racers; ++i) run.commits.start(*run.store, put(thing("a"), i, 0));
    run.finish();
    for (int i = 0; i < racers; ++i) run.commits.start(*run.store, put(thing("a"), i, 1));
    run.finish();
    const auto& outcomes = run.commits.outcomes();
    RC_ASSERT(std::count(outcomes.begin(), outcomes.end(), "1") == 1);
    RC_ASSERT(std::count(outcomes.begin(), outcomes.end(), "AlreadyExists") == racers - 1);
    RC_ASSERT(std::count(outcomes.begin(), outcomes.end(), "2") == 1);
    RC_ASSERT(std::count(outcomes.begin(), outcomes.end(), "Conflict") == racers - 1);
  });
}

// Compaction takes history and nothing else.
TYPED_TEST(StoreSuite, CompactionKeepsObjects) {
  holds([] {
    const auto before = *ops();
    const auto after = *ops();
    Trial<TypeParam> run;
    run.all(before);
    const auto upto = *rc::gen::inRange<Revision>(0, run.model.revision + 2);
    RC_ASSERT(run_task(run.io, run.store->compact(upto)).has_value());
    run.all(after);
    RC_ASSERT(run.commits.outcomes() == run.expected);
    check_state(*run.store, run.model);
  });
}

// What was acknowledged is there after a restart: objects, revision, history.
TYPED_TEST(StoreSuite, Durable) {
  if (!TypeParam::kDurable) GTEST_SKIP() << "keeps nothing";
  holds([] {
    const auto before = *ops();
    const auto after = *ops();
    Trial<TypeParam> run;
    run.all(before);
    run.reopen();
    check_state(*run.store, run.model);
    run.all(after);
    run.reopen();
    check_state(*run.store, run.model);
    auto watcher = run.store->watch("things", "", 0).value();
    RC_ASSERT(read(*watcher) == run.model.after(0, "things", ""));
  });
}

// A process that dies between any two batches leaves a prefix of the changes, at least all acknowledged ones.
TEST(StoreCrash, LeavesAPrefixWithEverythingAcknowledged) {
  holds([] {
    const auto script = *ops();
    const auto batches = *rc::gen::inRange(0, 20);
    StoreOptions options;
    options.history = *rc::gen::inRange<std::size_t>(1, 8);
    Trial<Journaled> run(options);
    auto& disk = *run.implementation.disk;
    disk.hold = true;
    for (auto op : script) {
      op.wait = false;
      run.start(op);
      if (op.value % 3 == 0) settle(run.io);
    }
    for (int i = 0; i < batches && (settle(run.io), disk.release()); ++i) {
    }
    settle(run.io);

    const auto survivor = fakes::open_fake_store(run.io.get_executor(), run.implementation.disk, options);
    Model prefix;
    for (const auto& change : run.model.log) {
      if (change.revision > survivor->revision()) break;
      if (change.type == EventType::Deleted) {
        prefix.state.erase(change.key);
      } else {
        prefix.state[change.key] = {change.revision, change.value};
      }
      prefix.revision = change.revision;
    }
    check_state(*survivor, prefix);
    RC_ASSERT(survivor->revision() == run.store->revision());
    disk.hold = false;
    disk.release();
    run.finish();
  });
}

// Batches that fail now and then: nothing of them is seen, everything else is, and a restart agrees.
TEST(StoreFailure, FailedBatchesLeaveNoTrace) {
  holds([] {
    const auto script = *ops();
    const auto failing = *rc::gen::container<std::vector<bool>>(script.size(), rc::gen::arbitrary<bool>());
    Trial<Journaled> run;
    auto watcher = run.store->watch("things", "", 0).value();
    std::map<StoreKey, int> state;
    std::vector<std::pair<StoreKey, int>> changes;
    for (std::size_t i = 0; i < script.size(); ++i) {
      const auto key = key_of(script[i].key);
      run.implementation.disk->failure.reset();
      if (failing[i]) run.implementation.disk->failure = base::error(Reason::InternalError, "I/O error");
      const auto result = run_task(run.io, run.store->commit(put(key, script[i].value)));
      RC_ASSERT(result.has_value() == !failing[i]);
      if (failing[i]) continue;
      state[key] = script[i].value;
      if (key.resource == "things") changes.emplace_back(key, script[i].value);
    }
    run.implementation.disk->failure.reset();
    for (int round = 0; round < 2; ++round) {
      for (int k = 0; k < 4; ++k) {
        const auto object = run.store->get(key_of(k));
        RC_ASSERT((object != nullptr) == state.contains(key_of(k)));
        if (object) RC_ASSERT(value_of(object) == state[key_of(k)]);
      }
      std::vector<std::pair<StoreKey, int>> seen;
      Revision last = 0;
      for (const auto& change : read(*watcher)) {
        RC_ASSERT(change.revision > last);
        last = change.revision;
        seen.emplace_back(change.key, change.value);
      }
      RC_ASSERT(seen == changes);
      run.reopen();
      watcher = run.store->watch("things", "", 0).value();
    }
  });
}

}  // namespace
}  // namespace berth::storage
