#include "cli/cmd_apply.h"

#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/printer.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr int kConflictRetries = 5;

struct Applied {
  ObjectPtr object;
  std::string verb;  // created | configured | unchanged
};

class Apply final : public Command {
 public:
  CommandHelp help() const override {
    return {"apply", "Create or replace what files declare", "-f FILE|DIR|- [flags]",
            "Every document is checked before the first is written: an unknown or wrong field is an error with its "
            "line, and "
            "then nothing is changed. With --wait it returns when every TestEnvironment of the files is Ready.",
            "berthctl apply -f checkout.yaml\n"
            "# a whole directory, and wait until everything is Ready\nberthctl apply -f environments/ --wait\n"
            "# from a template\nenvsubst < env.yaml.tmpl | berthctl apply -f -"};
  }

  void declare(Flags& flags) override {
    flags.list("--file,-f", "FILE|DIR|-", "what to apply; may be given several times", &files_).completes =
        Completes::Files;
    flags.choice("--output,-o", {"yaml", "json", "name"}, "print the objects as they are stored", &output_);
    flags.toggle("--dry-run", "let the server check everything and change nothing", &dry_run_);
    flags.toggle("--wait", "wait until the environments are Ready", &wait_);
    flags.duration("--timeout", "how long --wait waits (default 5m)", &timeout_);
  }

  Task<Result<int>> run(Session& session) override {
    if (files_.empty())
      co_return base::error(Reason::BadRequest, "-f FILE is missing: a file, a directory or - is expected");
    auto manifests = read_manifests(files_, session.io.in, session.scheme);
    if (!manifests.has_value()) co_return manifests.error();
    auto checked = co_await check_all(session, manifests.value());
    if (!checked.has_value()) co_return checked.error();
    std::vector<ObjectPtr> written;
    for (const auto& manifest : manifests.value()) {
      auto applied = co_await apply_one(session, manifest, dry_run_);
      if (!applied.has_value())
        co_return base::error(applied.error().reason, join(explain(applied.error(), manifest), "\n"));
      report(session, manifest, applied.value());
      written.push_back(applied.value().object);
    }
    if (wait_ && !dry_run_) {
      auto waited = co_await wait_ready(session, std::move(written));
      if (!waited.has_value()) co_return waited.error();
    }
    co_return 0;
  }

 private:
  // Several documents: all of them as a dry run first, so that a wrong one leaves nothing half done.
  Task<Result<void>> check_all(Session& session, const std::vector<Manifest>& manifests) {
    std::vector<std::string> problems;
    for (const auto& manifest : manifests) {
      if (text_at(manifest.body, {"metadata", "name"}).empty()) {
        problems.push_back(manifest.place("metadata") +
                           ": metadata.name: Required value (generateName works with berthctl run)");
        continue;
      }
      const auto ns = namespace_of(session, manifest);
      if (!ns.has_value()) {
        problems.push_back(ns.error().message);
        continue;
      }
      if (manifests.size() == 1) continue;
      auto tried = co_await apply_one(session, manifest, true);
      if (tried.has_value()) continue;
      if (tried.error().reason == Reason::ServiceUnavailable || tried.error().reason == Reason::Unauthorized) {
        co_return tried.error();
      }
      for (auto& line : explain(tried.error(), manifest)) problems.push_back(std::move(line));
    }
    if (problems.empty()) co_return Result<void>();
    co_return base::error(Reason::Invalid, join(problems, "\n") + "\nNothing was changed.");
  }

  Task<Result<Applied>> apply_one(Session& session, const Manifest& manifest, bool dry_run) {
    const auto ns = namespace_of(session, manifest).value();
    ObjectKey key{ns, manifest.name()};
    for (int attempt = 0;; ++attempt) {
      auto stored = co_await session.client.get(*manifest.resource, key);
      if (!stored.has_value() && stored.error().reason != Reason::NotFound) co_return stored.error();
      const bool last = attempt == kConflictRetries;
      if (!stored.has_value()) {
        auto body = manifest.body;
        auto options = write_options(dry_run);
        auto created = co_await session.client.create(*manifest.resource, ns, std::move(body), std::move(options));
        if (created.has_value()) co_return Applied{created.value(), "created"};
        if (created.error().reason != Reason::AlreadyExists || last) co_return created.error();
        continue;
      }
      if (stored.value()->deleting()) {
        co_return base::error(Reason::Conflict,
                              "\"" + key.str() + "\" is being deleted; wait for its end (berthctl wait --for=delete " +
                                  display_name(*manifest.resource, key.name) + ") and apply again");
      }
      auto body = merged_body(manifest, *stored.value());
      auto options = write_options(dry_run);
      auto replaced = co_await session.client.replace(*manifest.resource, key, std::move(body), std::move(options));
      if (replaced.has_value()) {
        const bool same = replaced.value()->revision() == stored.value()->revision() &&
                          replaced.value()->generation() == stored.value()->generation();
        co_return Applied{replaced.value(), same ? "unchanged" : "configured"};
      }
      const auto reason = replaced.error().reason;
      if ((reason != Reason::Conflict && reason != Reason::NotFound) || last) co_return replaced.error();
    }
  }

  void report(Session& session, const Manifest& manifest, const Applied& applied) const {
    if (output_.empty()) {
      session.io.out << display_name(*manifest.resource, manifest.name()) << " " << applied.verb
                     << (dry_run_ ? " (dry run)" : "") << "\n";
    } else {
      Printer printer(*manifest.resource, parse_output(output_), false);
      if (output_ == "yaml") session.io.out << "---\n";
      session.io.out << printer.print({applied.object}, session.clock.system_now(), true);
    }
    session.io.out.flush();
  }

  Task<Result<void>> wait_ready(Session& session, std::vector<ObjectPtr> written) {
    const auto start = session.clock.steady_now();
    const auto& resource = environments(session.scheme);
    std::map<std::string, WaitRequest> requests;
    for (const auto& object : written) {
      if (object->gvk() != resource.gvk) continue;
      auto& request = requests[object->ns()];
      request.resource = &resource;
      request.ns = object->ns();
      request.uids[object->name()] = object->uid();
      request.goal.name = "Ready";
      request.until = start + timeout_;
    }
    for (auto& [ns, request] : requests) {
      ProgressDisplay display(session.io, start, session.quiet);
      auto waited = co_await wait_for(session, std::move(request), display, nullptr);
      if (!waited.has_value()) co_return waited.error();
      auto result = wait_error(waited.value());
      if (!result.has_value()) co_return result.error();
    }
    co_return Result<void>();
  }

  std::vector<std::string> files_;
  std::string output_;
  bool dry_run_ = false;
  bool wait_ = false;
  base::Duration timeout_ = std::chrono::minutes(5);
};

}  // namespace

CommandPtr make_apply() { return std::make_unique<Apply>(); }

}  // namespace berth::cli
