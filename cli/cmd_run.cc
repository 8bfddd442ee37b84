#include "cli/cmd_run.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <ostream>

#include "cli/child.h"
#include "cli/common.h"
#include "cli/duration.h"
#include "cli/fields.h"
#include "cli/interrupts.h"
#include "cli/keep.h"
#include "cli/lease_keeper.h"
#include "cli/compose_files.h"
#include "cli/own_container.h"
#include "cli/printer.h"
#include "cli/run_manifest.h"
#include "cli/subresource.h"
#include "cli/text.h"
#include "cli/variables.h"

namespace berth::cli {

namespace {

constexpr int kOwnFailure = 125;
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;

std::string holder_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return "berthctl-" + std::string(host.data()) + "-" + std::to_string(::getpid());
}

int status_of_start(const Error& error) {
  if (error.reason == Reason::NotFound) return kNotFound;
  return error.reason == Reason::Forbidden ? kCannotExecute : kOwnFailure;
}

class Run final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "run", "Run a command with an environment of its own", "-f FILE [flags] -- CMD [ARG...]",
        "Creates the TestEnvironment of FILE under a generated name, waits until it is Ready, runs CMD with the "
        "variables of its ports (and BERTH_ENVIRONMENT, BERTH_NAMESPACE, BERTH_ENDPOINT_<SERVICE>_<PORT>=host:port), "
        "passes signals on, and deletes the environment whatever happens. Its Lease is renewed while berthctl lives: "
        "after SIGKILL the environment expires by itself.\n\n"
        "The exit status is CMD's (128+n when signal n ended it, or ended the waiting before or after CMD); 125 when "
        "the environment did not become Ready or berthctl itself failed, 126 when CMD cannot be executed, 127 when it "
        "is not found.",
        "berthctl run -f checkout.yaml -- make integration-test\n"
        "# in a CI job's container: services by their names\nberthctl run --in-network -f checkout.yaml -- ./test.sh"};
  }

  void declare(Flags& flags) override {
    flags.list("--file,-f", "FILE|-", "the TestEnvironment", &files_).completes = Completes::Files;
    flags.duration("--timeout", "how long it may take to become Ready (default 10m)", &timeout_);
    flags.duration("--lease",
                   "how long it outlives a killed berthctl (default: the file's leaseDurationSeconds, else 60s)",
                   &lease_);
    flags.toggle("--in-network", "attach the container that berthctl runs in to the environment's network",
                 &in_network_);
    flags.toggle("--keep-on-failure", "do not delete it when it did not become Ready or CMD failed", &keep_on_failure_);
    flags.toggle("--no-wait", "do not wait for the end of the deletion", &no_wait_);
    flags.tail("CMD [ARG...]", "the command to run", &command_);
  }

  int error_status() const override { return kOwnFailure; }

  Task<Result<int>> run(Session& session) override {
    auto prepared = prepare(session);
    if (!prepared.has_value()) co_return prepared.error();
    ::signal(SIGPIPE, SIG_IGN);
    Interrupts interrupts(session.executor);
    interrupts.start();
    std::exception_ptr thrown;
    Result<int> result = 0;
    try {
      result = co_await guarded(session, interrupts, prepared.value());
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await interrupts.stop();
    if (thrown) std::rethrow_exception(thrown);
    co_return result;
  }

 private:
  Result<RunManifest> prepare(Session& session) {
    if (files_.size() != 1) return base::error(Reason::BadRequest, "one -f FILE is expected");
    if (command_.empty())
      return base::error(Reason::BadRequest, "the command is missing: write it after --, as in -- make test");
    if (in_network_) {
      container_ = own_container_id().value_or("");
      if (container_.empty()) {
        return base::error(Reason::BadRequest, "--in-network: berthctl does not run in a container of the engine");
      }
    }
    auto manifests = read(session);
    if (!manifests.has_value()) return manifests.error();
    if (manifests.value().size() != 1) {
      return base::error(Reason::BadRequest, files_.front() + ": one TestEnvironment is expected, there are " +
                                                 std::to_string(manifests.value().size()) + " objects");
    }
    RunOptions options;
    options.lease = lease_;
    options.keep = keep_on_failure_;
    auto prepared = make_run_manifest(std::move(manifests.value().front()), options);
    if (!prepared.has_value()) return prepared.error();
    const auto ns = namespace_of(session, prepared.value().manifest);
    if (!ns.has_value()) return ns.error();
    prepared.value().ns = ns.value();
    return prepared;
  }

  // A compose file is converted on the way.
  Result<std::vector<Manifest>> read(Session& session) const {
    auto composed = read_compose_manifests(files_.front(), session.io, session.scheme, session.quiet);
    if (!composed.has_value()) return composed.error();
    if (!composed.value()) return read_manifests(files_, session.io.in, session.scheme);
    if (composed.value()->size() > 1) {
      return base::error(Reason::BadRequest, files_.front() + ": a project with secrets is more than one object: berthctl convert and apply its Secrets first");
    }
    return std::move(*composed.value());
  }

  // From the creation on, everything ends in clean_up().
  Task<Result<int>> guarded(Session& session, Interrupts& interrupts, const RunManifest& prepared) {
    auto body = prepared.body;
    auto options = write_options(false);
    auto ns = prepared.ns;
    auto created = co_await session.client.create(environments(session.scheme), std::move(ns), std::move(body),
                                                  std::move(options));
    if (!created.has_value()) {
      co_return base::error(created.error().reason, join(explain(created.error(), prepared.manifest), "\n"));
    }
    const auto environment = created.value();
    say(session, display_name(environments(session.scheme), environment->name()) + " created");
    LeaseKeeper lease(session, environment, prepared.lease, holder_name());
    std::exception_ptr thrown;
    Result<int> result = 0;
    try {
      result = co_await use(session, interrupts, environment, lease);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await lease.stop();
    const bool failed = thrown || !result.has_value() || result.value() != 0;
    auto cleaned = co_await clean_up(session, interrupts, environment, lease, failed);
    if (thrown) std::rethrow_exception(thrown);
    if (!result.has_value()) co_return result;
    if (cleaned.has_value()) co_return result.value() != 0 ? result.value() : cleaned.value();
    session.io.err << "berthctl: error: " << cleaned.error().message << "\n";
    co_return result.value() == 0 ? kOwnFailure : result.value();
  }

  Task<Result<int>> use(Session& session, Interrupts& interrupts, ObjectPtr environment, LeaseKeeper& lease) {
    auto acquired = co_await lease.acquire();
    if (!acquired.has_value()) co_return acquired.error();
    lease.start();
    auto ready = co_await wait_ready(session, interrupts, environment);
    if (interrupts.any()) co_return 128 + interrupts.received().front();
    if (!ready.has_value()) co_return ready.error();
    if (in_network_) {
      auto attached = co_await connect(session, environment->key(), true);
      if (!attached.has_value()) co_return attached.error();
    }
    auto variables = variables_of(session, *ready.value());
    if (!variables.has_value()) co_return variables.error();
    co_return co_await run_command(session, interrupts, std::move(variables).value());
  }

  Task<Result<ObjectPtr>> wait_ready(Session& session, Interrupts& interrupts, ObjectPtr environment) {
    const auto start = session.clock.steady_now();
    WaitRequest request;
    request.resource = &environments(session.scheme);
    request.ns = environment->ns();
    request.uids[environment->name()] = environment->uid();
    request.goal.name = "Ready";
    request.until = start + timeout_;
    ProgressDisplay display(session.io, start, session.quiet);
    auto waited = co_await wait_for(session, std::move(request), display, &interrupts);
    if (!waited.has_value()) co_return waited.error();
    const auto result = wait_error(waited.value());
    if (!result.has_value()) co_return result.error();
    co_return waited.value().met.front();
  }

  Result<Variables> variables_of(const Session& session, const Object& environment) const {
    const auto vantage = in_network_ ? Vantage::Network : Vantage::Host;
    auto variables = port_variables(environment, vantage);
    if (!variables.has_value()) return variables;
    variables.value().merge(endpoint_variables(environment, vantage));
    variables.value()["BERTH_ENVIRONMENT"] = environment.name();
    variables.value()["BERTH_NAMESPACE"] = environment.ns();
    variables.value()["BERTH_SERVER"] = session.server;
    return variables;
  }

  Task<Result<int>> run_command(Session& session, Interrupts& interrupts, Variables variables) {
    session.io.out.flush();
    session.io.err.flush();
    if (interrupts.any()) co_return 128 + interrupts.received().front();
    auto started = Child::start(session.executor, command_, variables);
    if (!started.has_value()) {
      session.io.err << "berthctl: error: " << printable(started.error().message) << "\n";
      co_return status_of_start(started.error());
    }
    auto& child = *started.value();
    interrupts.listen([&](int signal) { child.forward(signal); });
    const int status = co_await child.wait();
    interrupts.listen({});
    co_return status;
  }

  Task<Result<json>> connect(Session& session, ObjectKey environment, bool join_it) {
    auto target = attach_target(session.scheme, environment);
    auto body = attach_body(container_, join_it);
    std::string method = "POST";
    co_return co_await session.remote.call(std::move(method), std::move(target), std::move(body));
  }

  // 0, or 128 + n when signal n ended the waiting for the end.
  Task<Result<int>> clean_up(Session& session, Interrupts& interrupts, ObjectPtr environment, LeaseKeeper& lease,
                             bool failed) {
    const auto shown = display_name(environments(session.scheme), environment->name());
    if (failed && keep_on_failure_) co_return co_await keep(session, environment, lease, shown);
    const auto signals_before = interrupts.received().size();
    if (in_network_) co_await connect(session, environment->key(), false);
    api::DeletePreconditions preconditions;
    preconditions.uid = environment->uid();
    auto removed =
        co_await session.client.remove(environments(session.scheme), environment->key(), std::move(preconditions));
    if (!removed.has_value() && removed.error().reason != Reason::NotFound &&
        removed.error().reason != Reason::Conflict) {
      co_return base::error(removed.error().reason, shown + " could not be deleted (" + removed.error().message +
                                                        "); it expires when its lease has run out");
    }
    const auto gone = co_await wait_gone(session, interrupts, signals_before, environment, shown);
    const auto released = co_await lease.release();
    if (!gone.has_value()) co_return gone.error();
    if (!released.has_value()) co_return released.error();
    co_return gone;
  }

  Task<Result<int>> keep(Session& session, ObjectPtr environment, LeaseKeeper& lease, const std::string& shown) {
    auto kept = co_await keep_for_debugging(session, environment);
    if (!kept.has_value()) {
      co_return base::error(kept.error().reason, shown + " could not be kept: " + kept.error().message);
    }
    const auto end = end_of(*kept.value());
    say(session, shown + " is kept" + (end ? " until " + base::format_time(*end) : "") +
                     "; to delete it: berthctl -n " + environment->ns() + " delete " + environment->name());
    const auto released = co_await lease.release();
    if (!released.has_value()) co_return released.error();
    co_return 0;
  }

  // A signal that comes now ends the waiting, not the deletion: the server has it already.
  Task<Result<int>> wait_gone(Session& session, Interrupts& interrupts, std::size_t signals_before,
                              ObjectPtr environment, const std::string& shown) {
    if (no_wait_) co_return 0;
    const auto start = session.clock.steady_now();
    WaitRequest request;
    request.resource = &environments(session.scheme);
    request.ns = environment->ns();
    request.uids[environment->name()] = environment->uid();
    request.goal.kind = Goal::Kind::Deleted;
    request.until = start + kDeletionTimeout;
    request.signals_before = signals_before;
    ProgressDisplay display(session.io, start, true);
    auto waited = co_await wait_for(session, std::move(request), display, &interrupts);
    if (!waited.has_value()) co_return waited.error();
    if (waited.value().interrupted) {
      say(session, shown + " is being deleted; not waiting for the end");
      co_return 128 + interrupts.received()[signals_before];
    }
    const auto result = wait_error(waited.value());
    if (!result.has_value()) co_return result.error();
    say(session, shown + " deleted");
    co_return 0;
  }

  static void say(Session& session, const std::string& line) {
    if (!session.quiet) session.io.err << line << std::endl;
  }

  static constexpr auto kDeletionTimeout = std::chrono::minutes(5);
  std::vector<std::string> files_;
  std::vector<std::string> command_;
  base::Duration timeout_ = std::chrono::minutes(10);
  std::optional<base::Duration> lease_;
  bool in_network_ = false;
  bool keep_on_failure_ = false;
  bool no_wait_ = false;
  std::string container_;
};

}  // namespace

CommandPtr make_run() { return std::make_unique<Run>(); }

}  // namespace berth::cli
