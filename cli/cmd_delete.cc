#include "cli/cmd_delete.h"

#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/printer.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

struct Doomed {
  const crd::ResourceInfo* resource = nullptr;
  ObjectKey key;
  std::string uid;
};

class Delete final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "delete", "Delete objects and wait until they are gone",
        "[TYPE] NAME... | TYPE --all | TYPE -l SELECTOR | -f FILE",
        "An environment is gone when its containers, networks and volumes are. Without a type the names are those of "
        "TestEnvironments.",
        "berthctl delete checkout-pr-1421\n"
        "# everything of one pipeline, without waiting\nberthctl delete te -l pipeline=8123 --wait=false\n"
        "berthctl delete -f environments/"};
  }

  void declare(Flags& flags) override {
    flags.argument({"TYPE/NAME", "what to delete", 0, 0, Completes::TypesThenNames, &words_});
    flags.list("--file,-f", "FILE|DIR|-", "delete the objects that files declare", &files_).completes =
        Completes::Files;
    flags.text("--selector,-l", "SELECTOR", "delete those whose labels match", &selector_text_);
    flags.toggle("--all", "delete all of the type in the namespace", &all_);
    flags.toggle("--ignore-not-found", "what is not there counts as deleted", &ignore_missing_);
    flags.toggle("--wait", "wait until they are gone (the default; --wait=false does not)", &wait_);
    flags.duration("--timeout", "how long to wait (default 5m)", &timeout_);
  }

  Task<Result<int>> run(Session& session) override {
    Result<std::vector<Doomed>> doomed = from_files(session);
    if (files_.empty()) doomed = co_await from_words(session);
    if (!doomed.has_value()) co_return doomed.error();
    std::vector<std::string> problems;
    std::vector<Doomed> going;
    for (auto& one : doomed.value()) {
      const api::DeletePreconditions any;
      auto removed = co_await session.client.remove(*one.resource, one.key, any);
      if (removed.has_value()) {
        one.uid = removed.value()->uid();
        const bool going_on = removed.value()->deleting();
        if (!wait_)
          session.io.out << display_name(*one.resource, one.key.name) << (going_on ? " deleting" : " deleted")
                         << std::endl;
        going.push_back(std::move(one));
      } else if (removed.error().reason != Reason::NotFound || !ignore_missing_) {
        if (removed.error().reason == Reason::ServiceUnavailable || removed.error().reason == Reason::Unauthorized) {
          co_return removed.error();
        }
        problems.push_back(removed.error().message);
      }
    }
    if (wait_) {
      auto waited = co_await wait_gone(session, going);
      if (!waited.has_value()) problems.push_back(waited.error().message);
    }
    if (!problems.empty()) co_return base::error(Reason::NotFound, join(problems, "\n"));
    co_return 0;
  }

 private:
  Result<std::vector<Doomed>> from_files(Session& session) const {
    if (files_.empty()) return std::vector<Doomed>();
    if (!words_.empty() || all_ || !selector_text_.empty()) {
      return base::error(Reason::BadRequest, "-f cannot be combined with names, -l or --all");
    }
    auto manifests = read_manifests(files_, session.io.in, session.scheme);
    if (!manifests.has_value()) return manifests.error();
    std::vector<Doomed> doomed;
    for (const auto& manifest : manifests.value()) {
      if (text_at(manifest.body, {"metadata", "name"}).empty()) {
        return base::error(Reason::BadRequest, manifest.place("metadata") +
                                                   ": metadata.name: Required value (what generateName made has a "
                                                   "name of its own: delete it by that, or by -l SELECTOR)");
      }
      const auto ns = namespace_of(session, manifest);
      if (!ns.has_value()) return ns.error();
      doomed.push_back({manifest.resource, {ns.value(), manifest.name()}, ""});
    }
    return doomed;
  }

  Task<Result<std::vector<Doomed>>> from_words(Session& session) {
    auto groups = parse_targets(session.scheme, words_);
    if (!groups.has_value()) co_return groups.error();
    auto selector = Selector::parse(selector_text_);
    if (!selector.has_value()) co_return selector.error();
    const bool chosen = all_ || !selector_text_.empty();
    std::vector<Doomed> doomed;
    for (const auto& targets : groups.value()) {
      if (targets.names.empty() != chosen) {
        co_return base::error(Reason::BadRequest, chosen ? "names cannot be combined with -l or --all"
                                                         : "which ones? Give names, -l SELECTOR, --all or -f FILE");
      }
      const auto ns = targets.resource->namespaced ? session.ns : "";
      auto wanted = selector.value();
      auto names = co_await names_of(session, targets, ns, std::move(wanted));
      if (!names.has_value()) co_return names.error();
      for (auto& name : names.value()) doomed.push_back({targets.resource, {ns, std::move(name)}, ""});
    }
    if (doomed.empty()) session.io.err << "Nothing to delete.\n";
    co_return doomed;
  }

  Task<Result<void>> wait_gone(Session& session, const std::vector<Doomed>& going) {
    const auto start = session.clock.steady_now();
    std::map<std::pair<const crd::ResourceInfo*, std::string>, WaitRequest> requests;
    for (const auto& one : going) {
      auto& request = requests[{one.resource, one.key.ns}];
      request.resource = one.resource;
      request.ns = one.key.ns;
      request.uids[one.key.name] = one.uid;
      request.goal.kind = Goal::Kind::Deleted;
      request.until = start + timeout_;
    }
    std::vector<std::string> problems;
    for (auto& [key, request] : requests) {
      ProgressDisplay display(session.io, start, session.quiet || key.first->gvk.kind != "TestEnvironment");
      auto waited = co_await wait_for(session, std::move(request), display, nullptr);
      if (!waited.has_value()) co_return waited.error();
      for (const auto& name : waited.value().met_names) {
        session.io.out << display_name(*key.first, name) << " deleted" << std::endl;
      }
      for (auto& failure : waited.value().failures) problems.push_back(std::move(failure));
    }
    if (problems.empty()) co_return Result<void>();
    co_return base::error(Reason::Timeout, join(problems, "\n"));
  }

  std::vector<std::string> words_;
  std::vector<std::string> files_;
  std::string selector_text_;
  bool all_ = false;
  bool ignore_missing_ = false;
  bool wait_ = true;
  base::Duration timeout_ = std::chrono::minutes(5);
};

}  // namespace

CommandPtr make_delete() { return std::make_unique<Delete>(); }

}  // namespace berth::cli
