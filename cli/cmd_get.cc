#include "cli/cmd_get.h"

#include <algorithm>
#include <ostream>

#include "cli/common.h"
#include "cli/follower.h"
#include "cli/printer.h"

namespace berth::cli {

namespace {

class Get final : public Command {
 public:
  CommandHelp help() const override {
    return {"get", "Show objects as a table, YAML or JSON", "[TYPE [NAME...] | TYPE/NAME...] [flags]",
            "Without a type it shows the TestEnvironments of the namespace.",
            "# the environments of namespace ci\nberthctl -n ci get\n"
            "# one of them, as it is stored\nberthctl get te checkout-pr-1421 -o yaml\n"
            "# what happened, as it happens, everywhere\nberthctl get events -A -w\n"
            "# only those of one pipeline\nberthctl get te -l pipeline=8123"};
  }

  void declare(Flags& flags) override {
    flags.argument({"TYPE/NAME", "what to show", 0, 0, Completes::TypesThenNames, &words_});
    flags.choice("--output,-o", {"wide", "yaml", "json", "name"}, "another form than the table", &output_);
    flags.toggle("--watch,-w", "go on and show every change", &watch_);
    flags.toggle("--all-namespaces,-A", "of every namespace", &all_namespaces_);
    flags.text("--selector,-l", "SELECTOR", "only objects whose labels match, such as a=b,c!=d", &selector_text_);
    flags.toggle("--no-headers", "leave the table's first line out", &no_headers_);
  }

  Task<Result<int>> run(Session& session) override {
    auto groups = parse_targets(session.scheme, words_);
    if (!groups.has_value()) co_return groups.error();
    const auto clear = names_or_selector(groups.value(), selector_text_);
    if (!clear.has_value()) co_return clear.error();
    auto selector = Selector::parse(selector_text_);
    if (!selector.has_value()) co_return selector.error();
    selector_ = std::move(selector).value();
    if (watch_ && groups.value().size() > 1) {
      co_return base::error(Reason::BadRequest, "--watch is possible for one type at a time");
    }
    bool first = true;
    for (const auto& targets : groups.value()) {
      if (!first && parse_output(output_) != Output::Name) session.io.out << "\n";
      first = false;
      Result<void> shown;
      if (watch_) {
        shown = co_await follow(session, targets);
      } else {
        shown = co_await show(session, targets);
      }
      if (!shown.has_value()) co_return with_type_advice(shown.error(), targets, session.scheme);
    }
    co_return 0;
  }

 private:
  std::string scope(const Session& session, const Targets& targets) const {
    return all_namespaces_ || !targets.resource->namespaced ? "" : session.ns;
  }

  Printer printer(const Targets& targets) const {
    return Printer(*targets.resource, parse_output(output_), all_namespaces_, !no_headers_);
  }

  Task<Result<std::vector<ObjectPtr>>> fetch(Session& session, const Targets& targets) {
    std::vector<ObjectPtr> objects;
    const auto ns = scope(session, targets);
    if (!targets.names.empty() && !(all_namespaces_ && targets.resource->namespaced)) {
      for (const auto& name : targets.names) {
        ObjectKey key{ns, name};
        auto object = co_await session.client.get(*targets.resource, std::move(key));
        if (!object.has_value()) co_return object.error();
        objects.push_back(std::move(object).value());
      }
      co_return objects;
    }
    auto listed = co_await session.client.list(*targets.resource, ns);
    if (!listed.has_value()) co_return listed.error();
    for (const auto& object : listed.value().items) {
      if (wanted(targets, *object)) objects.push_back(object);
    }
    if (!targets.names.empty() && objects.empty()) {
      co_return base::error(Reason::NotFound,
                            targets.resource->plural + " \"" + targets.names.front() + "\" not found in any namespace");
    }
    if (targets.resource->gvk.kind == "Event") sort_by_time(objects);
    co_return objects;
  }

  bool wanted(const Targets& targets, const Object& object) const {
    const auto& names = targets.names;
    return selector_.matches(object) &&
           (names.empty() || std::find(names.begin(), names.end(), object.name()) != names.end());
  }

  static void sort_by_time(std::vector<ObjectPtr>& events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const ObjectPtr& a, const ObjectPtr& b) { return a->revision() < b->revision(); });
  }

  Task<Result<void>> show(Session& session, const Targets& targets) {
    auto objects = co_await fetch(session, targets);
    if (!objects.has_value()) co_return objects.error();
    const auto output = parse_output(output_);
    const bool table = output == Output::Table || output == Output::Wide;
    if (objects.value().empty() && table) {
      const auto ns = scope(session, targets);
      session.io.err << "No " << targets.resource->plural << (ns.empty() ? "" : " in namespace \"" + ns + "\"")
                     << ".\n";
      co_return Result<void>();
    }
    const bool single = targets.names.size() == 1 && objects.value().size() == 1;
    session.io.out << printer(targets).print(objects.value(), session.clock.system_now(), single);
    co_return Result<void>();
  }

  Task<Result<void>> follow(Session& session, const Targets& targets) {
    ObjectKey which{scope(session, targets), targets.names.size() == 1 ? targets.names.front() : ""};
    Follower follower(session.executor, session.clock, session.client, *targets.resource, std::move(which));
    follower.start();
    auto result = co_await print_changes(session, targets, follower);
    co_await follower.stop();
    co_return result;
  }

  // Rows come together until the first list is complete, so that the table knows its widths.
  Task<Result<void>> print_changes(Session& session, const Targets& targets, Follower& follower) {
    auto lines = printer(targets);
    std::vector<ObjectPtr> first;
    bool synced = false;
    for (;;) {
      auto next = co_await follower.next(base::SteadyTime::max());
      if (!next.has_value()) co_return next.error();
      if (!next.value()) continue;
      const auto& change = *next.value();
      const auto now = session.clock.system_now();
      if (change.synced) {
        synced = true;
        if (!first.empty()) print_first(session, lines, first, now);
      } else if (wanted(targets, *change.object)) {
        if (synced) session.io.out << lines.print_change(change.object, now);
        if (!synced) first.push_back(change.object);
      }
      if (!session.io.out.flush()) co_return base::error(Reason::InternalError, "standard output was closed");
    }
  }

  void print_first(Session& session, Printer& lines, std::vector<ObjectPtr>& first, base::SystemTime now) const {
    const auto output = parse_output(output_);
    if (output == Output::Table || output == Output::Wide) {
      session.io.out << lines.print(first, now, false);
      return;
    }
    for (const auto& object : first) session.io.out << lines.print_change(object, now);
  }

  std::vector<std::string> words_;
  std::string output_;
  std::string selector_text_;
  Selector selector_;
  bool watch_ = false;
  bool all_namespaces_ = false;
  bool no_headers_ = false;
};

}  // namespace

CommandPtr make_get() { return std::make_unique<Get>(); }

}  // namespace berth::cli
