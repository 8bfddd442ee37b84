#include "cli/keep.h"

#include <algorithm>

#include "cli/common.h"
#include "cli/fields.h"

namespace berth::cli {

namespace {

constexpr int kTries = 5;
constexpr auto kKept = std::chrono::hours(1);

std::optional<base::SystemTime> time_at(const json& value, std::initializer_list<std::string_view> path) {
  return base::parse_time(text_at(value, path));
}

std::string phase_of(const Object& environment) { return text_at(environment.status(), {"phase"}); }

Result<void> still_there(const Object& now, const Object& meant) {
  if (now.uid() != meant.uid()) return base::error(Reason::NotFound, "it was replaced by another of its name");
  if (now.deleting()) return base::error(Reason::NotFound, "somebody deleted it");
  if (phase_of(now) == "Expired") return base::error(Reason::NotFound, "it has expired");
  return {};
}

json without_lease(const Object& environment, base::SystemTime now) {
  json body = environment.body();
  body.erase("status");
  body["metadata"]["resourceVersion"] = std::to_string(environment.revision());
  auto& spec = body["spec"];
  spec.erase("leaseDurationSeconds");
  if (!at(spec, {"ttlSeconds"}).is_null()) return body;
  const auto created = time_at(body, {"metadata", "creationTimestamp"}).value_or(now);
  const auto age = std::chrono::ceil<std::chrono::seconds>(std::max(now - created, base::SystemTime::duration{}));
  spec["ttlSeconds"] = (age + kKept).count();
  return body;
}

}  // namespace

Task<Result<ObjectPtr>> keep_for_debugging(Session& session, ObjectPtr environment) {
  const auto& resource = environments(session.scheme);
  for (int attempt = 1;; ++attempt) {
    auto stored = co_await session.client.get(resource, environment->key());
    if (!stored.has_value()) co_return stored.error();
    const auto there = still_there(*stored.value(), *environment);
    if (!there.has_value()) co_return there.error();
    if (phase_of(*stored.value()) == "Failed") co_return stored;
    auto body = without_lease(*stored.value(), session.clock.system_now());
    auto options = write_options(false);
    auto kept = co_await session.client.replace(resource, environment->key(), std::move(body), std::move(options));
    if (kept.has_value() || kept.error().reason != Reason::Conflict || attempt == kTries) co_return kept;
  }
}

std::optional<base::SystemTime> end_of(const Object& environment) {
  std::optional<base::SystemTime> end;
  const auto consider = [&](std::optional<base::SystemTime> from, const char* field) {
    const auto& seconds = at(environment.spec(), {field});
    if (!from || !seconds.is_number_integer()) return;
    const auto when = *from + std::chrono::seconds(seconds.get<std::int64_t>());
    if (!end || when < *end) end = when;
  };
  consider(time_at(environment.body(), {"metadata", "creationTimestamp"}), "ttlSeconds");
  if (phase_of(environment) == "Failed") {
    consider(time_at(environment.status(), {"finishedTime"}), "ttlSecondsAfterFinished");
  }
  return end;
}

}  // namespace berth::cli
