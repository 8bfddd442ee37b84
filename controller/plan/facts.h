#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/plan/environment_plan.h"
#include "crd/fields.h"

// What the stored status remembers, read once and tolerantly: a field that is missing or odd is as if it had never been
// written. Internal to plan/.
namespace berth::plan {

// Whether a stored status is that of a Failed or Expired environment.
bool is_over(const crd::json& status);

// Of one service; about the container that counted when the status was written.
struct ServiceRecord {
  std::string container_id;
  std::string spec_hash;  // of the last container there was, also when it is gone
  std::optional<base::SystemTime> started_at;
  int restart_count = 0;
  int backoff_level = 0;  // restarts in a row, none of which was followed by a long run
  bool ready = false;
};

struct Facts {
  bool finished = false;  // Failed or Expired, and it stays so: an Expired one always, a Failed one until the spec changes
  bool expired = false;   // which of the two
  std::optional<base::SystemTime> scheduled;
  std::optional<base::SystemTime> ready;  // first time
  std::optional<base::SystemTime> finished_at;
  std::string network_hash;  // of the last network there was
  std::map<std::string, ServiceRecord> services;
};

// A Failed environment whose spec changed starts with a blank sheet; one that was never Ready gets its deadline anew.
Facts facts_of(const Input& input);

// The record after looking at the container that counts now: a start that was not known is counted once. What ended with the engine was
// no crash: the back-off does not grow by it.
ServiceRecord advance(const ServiceRecord& record, const engine::Container* container, const Memory& memory);
bool ended_with_engine(base::SystemTime ended, const Memory& memory);

// Whether the container was ever started; an engine's failed first start is none.
bool has_run(const engine::Container& container);
// Engine times have nanoseconds, stored ones microseconds.
bool same_instant(base::SystemTime a, base::SystemTime b);

using crd::array_at;
using crd::number_at;
using crd::object_at;
using crd::text_at;

}  // namespace berth::plan
