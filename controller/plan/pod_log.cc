#include "controller/plan/pod_log.h"

#include "crd/fields.h"

namespace berth::plan {

namespace {

// A process may write before the engine has noted its start, and the engine reads what it wrote a moment late. Where nothing better is
// known, a run begins so long before its noted start.
constexpr auto kBeforeStart = std::chrono::milliseconds(50);

std::optional<base::SystemTime> log_time(const crd::json& object, const char* key) { return base::parse_time(crd::text_at(object, key)); }

// Between the end of one run and the start of the next: nothing is written there.
base::SystemTime between(base::SystemTime end, base::SystemTime start) { return end + (start - end) / 2; }

base::SystemTime cut_before(base::SystemTime start, std::optional<base::SystemTime> end_before) {
  return end_before && *end_before != base::SystemTime{} && *end_before < start ? between(*end_before, start) : start - kBeforeStart;
}

}  // namespace

std::optional<base::SystemTime> run_began(const engine::Container& container) {
  if (container.finished_at == base::SystemTime{}) return std::nullopt;
  return cut_before(container.started_at, container.finished_at);
}

LogSpan current_run(const engine::Container& container, const crd::json& service) {
  const auto& last = crd::object_at(service, "lastTermination");
  if (crd::number_at(service, "restartCount") == 0 && last.empty()) return {};
  auto end_before = log_time(last, "finishedAt");
  if (container.running()) end_before = container.finished_at;
  return {.from = cut_before(container.started_at, end_before), .until = std::nullopt};
}

std::optional<LogSpan> previous_run(const engine::Container& container, const crd::json& service) {
  if (!container.running()) {
    return container.started_at == base::SystemTime{} ? std::nullopt : std::optional(current_run(container, service));
  }
  const auto cut = current_run(container, service).from;
  if (!cut) return std::nullopt;
  const auto& last = crd::object_at(service, "lastTermination");
  LogSpan span{.from = std::nullopt, .until = cut};
  const auto started = log_time(last, "startedAt");
  if (started && crd::number_at(service, "restartCount") > 1) span.from = *started - kBeforeStart;
  return span;
}

}  // namespace berth::plan
