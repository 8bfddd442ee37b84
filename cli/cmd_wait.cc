#include "cli/cmd_wait.h"

#include <algorithm>
#include <ostream>

#include "cli/common.h"
#include "cli/printer.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

class Wait final : public Command {
 public:
  CommandHelp help() const override {
    return {"wait", "Wait until objects reach a state", "[TYPE] NAME... | TYPE --all | TYPE -l SELECTOR --for=GOAL",
            "GOAL is condition=TYPE, condition=TYPE=False, phase=PHASE, jsonpath={PATH}=VALUE, create or delete. An "
            "environment "
            "that Failed or Expired ends the wait at once, with the reason and the last log lines. An object that is "
            "not there "
            "yet may still come for --appear: a watched directory is a moment behind its files.",
            "berthctl wait --for=condition=Ready checkout-pr-1421 --timeout=2m\n"
            "berthctl wait --for=delete te --all"};
  }

  void declare(Flags& flags) override {
    flags.argument({"TYPE/NAME", "what to wait for", 0, 0, Completes::TypesThenNames, &words_});
    flags.text("--for", "GOAL", "the state to wait for (default condition=Ready)", &goal_text_).completes =
        Completes::Words;
    flags.text("--selector,-l", "SELECTOR", "wait for those whose labels match now", &selector_text_);
    flags.toggle("--all", "wait for all that are there now", &all_);
    flags.duration("--timeout", "how long to wait (default 5m)", &timeout_);
    flags.duration("--appear", "how long an object may be missing at first (default 10s)", &appear_);
  }

  Task<Result<int>> run(Session& session) override {
    auto goal = parse_goal(goal_text_);
    if (!goal.has_value()) co_return goal.error();
    auto groups = parse_targets(session.scheme, words_);
    if (!groups.has_value()) co_return groups.error();
    auto selector = Selector::parse(selector_text_);
    if (!selector.has_value()) co_return selector.error();
    const bool chosen = all_ || !selector_text_.empty();
    const auto start = session.clock.steady_now();
    std::vector<std::string> problems;
    for (const auto& targets : groups.value()) {
      if (targets.names.empty() != chosen) {
        co_return base::error(Reason::BadRequest, chosen ? "names cannot be combined with -l or --all"
                                                         : "for which ones? Give names, -l SELECTOR or --all");
      }
      const auto ns = targets.resource->namespaced ? session.ns : "";
      auto wanted = selector.value();
      auto names = co_await names_of(session, targets, ns, std::move(wanted));
      if (!names.has_value()) co_return names.error();
      if (names.value().empty() && goal.value().kind != Goal::Kind::Deleted) {
        co_return base::error(Reason::NotFound,
                              "no " + targets.resource->plural + " match in namespace \"" + ns + "\"");
      }
      WaitRequest request;
      request.resource = targets.resource;
      request.ns = ns;
      for (const auto& name : names.value()) request.uids[name] = "";
      request.goal = goal.value();
      request.until = start + timeout_;
      request.appear_until =
          goal.value().kind == Goal::Kind::Created ? request.until : std::min(start + appear_, request.until);
      ProgressDisplay display(session.io, start, session.quiet || targets.resource->gvk.kind != "TestEnvironment");
      auto waited = co_await wait_for(session, std::move(request), display, nullptr);
      if (!waited.has_value()) co_return waited.error();
      report(session, targets, goal.value(), waited.value());
      for (auto& failure : waited.value().failures) problems.push_back(std::move(failure));
    }
    if (!problems.empty()) co_return base::error(Reason::Timeout, join(problems, "\n"));
    co_return 0;
  }

 private:
  static void report(Session& session, const Targets& targets, const Goal& goal, const WaitOutcome& outcome) {
    for (const auto& name : outcome.met_names) {
      session.io.out << display_name(*targets.resource, name)
                     << (goal.kind == Goal::Kind::Deleted   ? " deleted"
                         : goal.kind == Goal::Kind::Created ? " created"
                                                            : " condition met")
                     << std::endl;
    }
  }

  std::vector<std::string> words_;
  std::string goal_text_ = "condition=Ready";
  std::string selector_text_;
  bool all_ = false;
  base::Duration timeout_ = std::chrono::minutes(5);
  base::Duration appear_ = std::chrono::seconds(10);
};

}  // namespace

CommandPtr make_wait() { return std::make_unique<Wait>(); }

}  // namespace berth::cli
