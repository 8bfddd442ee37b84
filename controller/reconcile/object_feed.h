#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/registry.h"
#include "base/clock.h"
#include "base/task_group.h"

namespace berth::reconcile {

// Every change of every kind, for controllers that look at objects whatever their kind is. Keeps no objects: what is stored can be
// asked of the Registry. Loop thread only.
class ObjectFeed {
 public:
  struct Change {
    const crd::ResourceInfo& resource;
    ObjectPtr old;  // null: new, or told at first
    ObjectPtr now;  // null: gone
    bool initial;   // was there before the feed looked
  };
  using Handler = std::function<void(const Change&)>;

  ObjectFeed(Executor executor, base::Clock& clock, api::Registry& registry);

  void on_change(Handler handler);  // before start()
  // Changes of `resource` were missed. All its objects are told anew, as initial ones, before anybody else runs; those that are gone
  // are not told.
  void on_gap(std::function<void(const crd::ResourceInfo& resource)> handler);  // before start()
  // Tells all that is there, before it returns; changes come from then on.
  void start();
  Task<void> stop();

 private:
  Task<void> follow(const crd::ResourceInfo& resource, std::unique_ptr<api::Watcher> watcher);
  // Tells every object; what it watches from then on. Null when it cannot.
  std::unique_ptr<api::Watcher> begin(const crd::ResourceInfo& resource);
  void tell(const Change& change) const;

  base::Clock& clock_;
  api::Registry& registry_;
  std::vector<Handler> handlers_;
  std::vector<std::function<void(const crd::ResourceInfo&)>> gap_handlers_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
