#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "api/client/client.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/task_group.h"
#include "controller/runtime/informer.h"
#include "controller/source/decision.h"
#include "controller/source/finished_records.h"
#include "controller/source/ledger.h"
#include "metrics/manifest_metrics.h"

namespace berth::source {

// Reports something a person would ask about to core/v1 Events of an object (or, with a null object, only to the log).
using EmitEvent = std::function<void(const ObjectPtr& about, bool warning, std::string reason, std::string message)>;

// Makes stored objects what the ledger wants them to be, one write at a time per object, many objects at once. What cannot be
// written because it is wrong waits for another content; everything else is tried again with back-off.
// Loop thread only.
class ObjectWriter {
 public:
  struct Parts {
    base::Clock& clock;
    api::Client& client;
    const crd::ResourceInfo& resource;
    runtime::Informer& environments;
    metrics::ManifestMetrics& metrics;
    Ledger& ledger;
    FinishedRecords& records;
    EmitEvent emit;
    std::function<void()> records_changed;
    std::function<void()> counts_changed;
  };
  ObjectWriter(Executor executor, Parts parts);

  // Something about `key` may have changed: looks at it, and writes when that is called for.
  void touch(const ObjectKey& key);
  // Takes note of how an environment of a directory stands, then touch().
  void changed(const ObjectPtr& now);
  std::set<std::string> refused_files() const;
  std::set<std::string> foreign_files() const;
  Task<void> stop() { return tasks_.stop(); }

 private:
  struct Refusal {
    std::string hash;
    std::string file;
  };
  struct Quarrel {  // over an object that somebody else keeps editing
    int rounds = 0;
    base::SteadyTime last{};
  };

  void pump();
  void start(const ObjectKey& key);
  void retry(const ObjectKey& key, base::Duration delay);
  bool held_by_quarrel(const ObjectKey& key);
  Task<void> retry_later(ObjectKey key, base::Duration delay);
  Task<void> write(ObjectKey key, Facts facts, Decision decision);
  Task<Result<ObjectPtr>> call(ObjectKey key, Facts facts, Decision decision);
  void wrote(const ObjectKey& key, const Facts& facts, const Decision& decision, const ObjectPtr& object);
  void removed(const ObjectKey& key, const Facts& facts, const Decision& decision, const ObjectPtr& object);
  void failed(const ObjectKey& key, const Facts& facts, const Decision& decision, const Error& error);
  void report_foreign(const ObjectKey& key, const Facts& facts);
  void forget(const ObjectKey& key);

  Parts parts_;
  std::map<ObjectKey, Applied> applied_;
  std::map<ObjectKey, Refusal> refused_;
  std::map<ObjectKey, Refusal> foreign_;
  std::map<ObjectKey, Quarrel> quarrels_;
  std::map<ObjectKey, int> attempts_;
  std::set<ObjectKey> dirty_;
  std::set<ObjectKey> busy_;     // a write is under way
  std::set<ObjectKey> waiting_;  // a timer will look at it again
  TaskGroup tasks_;
};

}  // namespace berth::source
