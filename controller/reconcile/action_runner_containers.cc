#include <algorithm>

#include "base/log.h"
#include "controller/plan/names.h"
#include "controller/reconcile/action_runner.h"
#include "controller/reconcile/text.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kRemovalDeadline = std::chrono::seconds(10);
constexpr base::Duration kRemovalPoll = std::chrono::milliseconds(100);
constexpr int kLogLines = 20;
constexpr base::Duration kStartPatience = std::chrono::seconds(30);

// Whether `container` is what `spec` asks for, so that making it again would change nothing.
bool is_what_we_want(const engine::Container& container, const engine::ContainerSpec& spec) {
  for (const auto* key : {plan::kInstanceLabel, plan::kUidLabel, plan::kServiceLabel, plan::kSpecHashLabel}) {
    if (plan::label(container.labels, key) != plan::label(spec.labels, key)) return false;
  }
  return std::all_of(container.attachments.begin(), container.attachments.end(), [&](const auto& attachment) {
    return attachment.network_id.empty() || attachment.network_id == spec.network_id;
  });
}

// What the engine just made, without asking it again: the first inspect comes with the start.
engine::Container as_created(const engine::ContainerSpec& spec, std::string id, base::SystemTime now) {
  engine::Container container;
  container.id = std::move(id);
  container.name = spec.name;
  container.image = spec.image;
  container.labels = spec.labels;
  container.created = now;
  container.attachments.push_back({spec.network_name, "", ""});
  container.nano_cpus = spec.nano_cpus;
  container.memory_bytes = spec.memory_bytes;
  container.cpu_shares = spec.cpu_shares;
  return container;
}

}  // namespace

Task<Result<void>> ActionRunner::create_container(Subject subject, plan::Action action) {
  if (!action.container) co_return base::error(Reason::InternalError, "CreateContainer without a container spec");
  Mirror::Hold hold(host_.mirror, {action.container->name});
  const auto spec = *action.container;
  const auto service = action.service;
  auto created = co_await create_or_pull(subject, std::move(action));
  if (created.has_error()) co_return created.error();
  if (!host_.mirror.container(*created)) {
    host_.mirror.put(as_created(spec, *created, host_.clock.system_now()));
  }
  emit_(subject.object, false, "Created", "Created container " + spec.name + " of service " + service);
  co_return Result<void>();
}

Task<Result<std::string>> ActionRunner::create_or_pull(Subject subject, plan::Action action) {
  const auto image = action.container->image;
  const auto platform = action.container->options.platform;
  if (action.pull == crd::PullPolicy::Always) {
    auto pulled = co_await pull(subject, image, platform);
    if (pulled.has_error()) co_return pulled.error();
  }
  auto spec = *action.container;
  auto created = co_await create_once(subject, std::move(spec));
  if (created.has_value() || created.error().reason != Reason::ImageNotFound) co_return created;
  if (action.pull == crd::PullPolicy::Never) {
    co_return base::error(Reason::ImageNotFound, "image " + image + (platform.empty() ? "" : " for " + platform) +
                                                     " is not on the engine, and imagePullPolicy is Never");
  }
  auto pulled = co_await pull(subject, image, platform);
  if (pulled.has_error()) co_return pulled.error();
  spec = *action.container;
  co_return co_await create_once(subject, std::move(spec));
}

Task<Result<void>> ActionRunner::pull(Subject subject, std::string image, std::string platform) {
  emit_(subject.object, false, "Pulling", "Pulling image " + image);
  auto wanted = subject.wanted;
  auto pulled = co_await host_.pulls.pull(image, platform, std::move(wanted));
  if (pulled.has_error()) co_return pulled;
  emit_(subject.object, false, "Pulled", "Pulled image " + image);
  // A pull takes minutes: what was to be made may be another thing by now.
  if (subject.unchanged && !subject.unchanged()) co_return base::error(Reason::Cancelled, "the environment has changed");
  co_return pulled;
}

Task<Result<std::string>> ActionRunner::create_once(Subject subject, engine::ContainerSpec spec) {
  const auto ns = subject.owner.key.ns;
  const auto age = subject.created;
  auto ticket = co_await host_.changes.acquire(ns, age);
  const auto deadline = within(kCallDeadline);
  auto copy = spec;
  const auto begun = host_.clock.steady_now();
  auto created = co_await host_.engine.create_container(std::move(copy), deadline);
  if (created.has_value()) {
    host_.changes.succeeded("create", begun);
    co_return created;
  }
  const auto reason = created.error().reason;
  if (reason == Reason::NetworkMissing) {
    auto uid = subject.owner.uid;
    auto listed = co_await host_.mirror.relist(std::move(uid));
    if (listed.has_error()) co_return listed.error();
  }
  if (reason != Reason::NameConflict && reason != Reason::EngineUnavailable) co_return created;
  // The name is taken, perhaps by a create of ours whose answer was lost.
  auto error = created.error();
  co_return co_await settle_name(std::move(subject), std::move(spec), std::move(error));
}

Task<Result<std::string>> ActionRunner::settle_name(Subject subject, engine::ContainerSpec spec, Error conflict) {
  auto deadline = within(kCallDeadline);
  auto found = co_await host_.engine.inspect_container(spec.name, deadline);
  if (found.has_error()) co_return conflict;
  const auto id = found->id;
  const auto owner = owner_of(found->labels, host_.instance());
  if (!owner || owner->uid != subject.owner.uid) {
    co_return base::error(Reason::NameConflict,
                          "the name " + spec.name + " is taken by a container that berth did not make (" + id.substr(0, 12) + ")");
  }
  if (is_what_we_want(*found, spec)) {
    host_.mirror.put(std::move(*found));
    co_return id;
  }
  Mirror::Hold hold(host_.mirror, {id});
  deadline = within(kCallDeadline);
  auto removed = co_await host_.engine.remove_container(id, deadline);
  if (removed.has_error()) co_return removed.error();
  host_.mirror.drop_container(id);
  host_.metrics.cleanup_object("container", "replaced");
  deadline = within(kCallDeadline);
  co_return co_await host_.engine.create_container(std::move(spec), deadline);
}

Task<Result<void>> ActionRunner::start_container(Subject subject, plan::Action action) {
  const auto id = action.container_id;
  Mirror::Hold hold(host_.mirror, {id});
  if (!action.files.empty()) {
    const auto deadline = within(kCallDeadline);
    auto files = std::move(action.files);
    auto copied = co_await host_.engine.copy_files(id, std::move(files), deadline);
    if (copied.has_error()) co_return copied.error();
  }
  const auto ns = subject.owner.key.ns;
  const auto age = subject.created;
  // A start that hangs gives its place to others; whoever looks after it again waits without one.
  FairLimiter::Ticket ticket;
  const bool joins = host_.start_flights.under_way(id);
  if (!joins) ticket = co_await host_.starts.acquire(ns, age);
  const auto ended = co_await host_.start_flights.start(id, kStartPatience);
  if (!joins) host_.starts.finished();
  ticket.release();
  if (!ended) co_return base::error(Reason::EngineUnavailable, "the engine has not ended the start of the container for a long time");
  const auto& started = *ended;
  auto now = co_await host_.mirror.refresh(id);
  if (started.has_error()) {
    if (started.error().reason == Reason::NotFound) {
      host_.mirror.drop_container(id);
      co_return Result<void>();  // gone: the next pass makes it anew
    }
    if (started.error().reason == Reason::NetworkMissing) {
      auto uid = subject.owner.uid;
      auto listed = co_await host_.mirror.relist(std::move(uid));
      if (listed.has_error()) co_return listed.error();
    }
    const bool running = now.has_value() && now->running();
    if (!(running && started.error().reason == Reason::EngineUnavailable)) co_return started.error();
  }
  if (now.has_error()) {
    if (now.error().reason == Reason::NotFound) co_return Result<void>();
    co_return now.error();
  }
  const bool again = action.cause == "restarted" || action.cause == "repaired";
  emit_(subject.object, false, again ? "Restarted" : "Started",
        (again ? "Restarted container " : "Started container ") + now->name + " of service " + action.service);
  co_return Result<void>();
}

Task<Result<void>> ActionRunner::remove_container(Subject subject, plan::Action action) {
  const auto id = action.container_id;
  Mirror::Hold hold(host_.mirror, {id});
  const auto ns = subject.owner.key.ns;
  const auto age = subject.created;
  const auto* known = host_.mirror.container(id);
  if (action.grace && *action.grace > base::Duration(0) && known && known->running()) {
    // Waiting for a service to end in peace keeps nobody else from being removed.
    const auto deadline = within(*action.grace + kCallDeadline);
    auto stopped = co_await host_.engine.stop_container(id, *action.grace, deadline);
    if (stopped.has_error() && stopped.error().reason == Reason::EngineUnavailable) co_return stopped.error();
  }
  auto ticket = co_await host_.changes.acquire(ns, age);
  const auto deadline = within(kCallDeadline);
  const auto begun = host_.clock.steady_now();
  auto removed = co_await host_.engine.remove_container(id, deadline);
  if (removed.has_value()) host_.changes.succeeded("remove", begun);
  if (removed.has_error() && removed.error().reason == Reason::RemovalInProgress) {
    removed = co_await await_removal(id);
  }
  if (removed.has_error() && removed.error().reason != Reason::NotFound) co_return removed.error();
  host_.mirror.drop_container(id);
  host_.metrics.cleanup_object("container", cleanup_cause(action.cause));
  co_return Result<void>();
}

Task<Result<void>> ActionRunner::await_removal(std::string id) {
  const auto until = host_.clock.steady_now() + kRemovalDeadline;
  while (host_.clock.steady_now() < until) {
    co_await host_.clock.sleep_for(kRemovalPoll);
    if (!host_.mirror.container(id)) co_return Result<void>();
    const auto deadline = within(kRemovalDeadline);
    auto inspected = co_await host_.engine.inspect_container(id, deadline);
    if (inspected.has_error() && inspected.error().reason == Reason::NotFound) co_return Result<void>();
  }
  co_return base::error(Reason::RemovalInProgress, "container " + id.substr(0, 12) + " is still being removed");
}

Task<Result<void>> ActionRunner::update_container(plan::Action action) {
  Mirror::Hold hold(host_.mirror, {action.container_id});
  const auto deadline = within(kCallDeadline);
  auto updated = co_await host_.engine.update_container(action.container_id, action.nano_cpus, action.memory_bytes, deadline,
                                                        action.cpu_shares);
  auto now = co_await host_.mirror.refresh(action.container_id);
  if (now.has_error() && now.error().reason == Reason::NotFound) co_return Result<void>();
  co_return updated;
}

Task<Result<std::string>> ActionRunner::collect_logs(plan::Action action) {
  engine::LogOptions options;
  options.tail = kLogLines;
  const auto deadline = within(std::chrono::seconds(10));
  auto opened = co_await host_.engine.logs(action.container_id, std::move(options), deadline);
  if (opened.has_error()) {
    if (opened.error().reason == Reason::NotFound) co_return std::string();
    co_return opened.error();
  }
  std::string text;
  for (;;) {
    auto chunk = co_await (*opened)->next();
    if (chunk.has_error() || !*chunk) break;
    text += (*chunk)->bytes;
    if (text.size() > 256 * 1024) text.erase(0, text.size() - 128 * 1024);
  }
  co_return log_tail(text);
}

}  // namespace berth::reconcile
