#include "cli/cmd_events.h"

#include <algorithm>
#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/follower.h"
#include "cli/printer.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

std::string last_time(const Object& event) {
  for (const char* field : {"lastTimestamp", "eventTime", "firstTimestamp"}) {
    auto time = text_at(event.body(), {field});
    if (!time.empty()) return time;
  }
  return text_at(event.body(), {"metadata", "creationTimestamp"});
}

class Events final : public Command {
 public:
  CommandHelp help() const override {
    return {"events", "Show what happened, the newest last", "[--for ENV|TYPE/NAME] [flags]",
            "Events are kept for an hour after they last happened. berthctl why ENV shows what berth itself did, and what the engine "
            "answered.",
            "berthctl events --for checkout-pr-1421\n"
            "# what goes wrong, everywhere, as it happens\nberthctl events -A -w --types Warning"};
  }

  void declare(Flags& flags) override {
    flags.text("--for", "ENV|TYPE/NAME", "only about this object", &about_).completes = Completes::TypesThenNames;
    flags.list("--types", "TYPE,...", "only of these types: Normal, Warning", &types_);
    flags.toggle("--watch,-w", "go on and show what happens", &watch_);
    flags.toggle("--all-namespaces,-A", "of every namespace", &all_namespaces_);
    flags.choice("--output,-o", {"wide", "yaml", "json", "name"}, "another form than the table", &output_);
    flags.toggle("--no-headers", "leave the table's first line out", &no_headers_);
  }

  Task<Result<int>> run(Session& session) override {
    auto understood = understand(session.scheme);
    if (understood.has_error()) co_return understood.error();
    Result<void> shown;
    if (watch_) {
      shown = co_await follow(session);
    } else {
      shown = co_await show(session);
    }
    if (shown.has_error()) co_return shown.error();
    co_return 0;
  }

 private:
  Result<void> understand(const crd::Scheme& scheme) {
    std::vector<std::string> types;
    for (const auto& list : types_) {
      for (const auto& word : split(list, ',')) {
        const auto small = lower(word);
        if (small != "normal" && small != "warning") {
          return base::error(Reason::BadRequest, "--types: \"" + printable(word) + "\" is no type of event: Normal or Warning is expected");
        }
        types.push_back(small);
      }
    }
    types_ = std::move(types);
    if (about_.empty()) return {};
    auto targets = parse_targets(scheme, {about_});
    if (targets.has_error()) return targets.error();
    if (targets->size() != 1 || targets->front().names.size() != 1) {
      return base::error(Reason::BadRequest, "--for: the name of one object is expected: ENV or TYPE/NAME");
    }
    kind_ = targets->front().resource->gvk.kind;
    name_ = targets->front().names.front();
    return {};
  }

  bool wanted(const Object& event) const {
    if (!types_.empty() && std::find(types_.begin(), types_.end(), lower(text_at(event.body(), {"type"}))) == types_.end()) return false;
    const auto& about = at(event.body(), {"involvedObject"});
    return name_.empty() || (text_at(about, {"kind"}) == kind_ && text_at(about, {"name"}) == name_);
  }

  std::string scope(const Session& session) const { return all_namespaces_ ? "" : session.ns; }
  static const crd::ResourceInfo& events(const Session& session) { return resource_of(session.scheme, "", "v1", "events"); }
  Printer printer(const Session& session) const {
    return Printer(events(session), parse_output(output_), all_namespaces_, !no_headers_);
  }

  static void oldest_first(std::vector<ObjectPtr>& events) {
    std::stable_sort(events.begin(), events.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
      const auto one = last_time(*a);
      const auto other = last_time(*b);
      return one != other ? one < other : a->revision() < b->revision();
    });
  }

  Task<Result<void>> show(Session& session) {
    auto listed = co_await session.client.list(events(session), scope(session));
    if (listed.has_error()) co_return listed.error();
    std::vector<ObjectPtr> found;
    for (const auto& event : listed->items) {
      if (wanted(*event)) found.push_back(event);
    }
    oldest_first(found);
    const auto output = parse_output(output_);
    if (found.empty() && (output == Output::Table || output == Output::Wide)) {
      session.io.err << "No events" << (name_.empty() ? "" : " about " + lower(kind_) + " \"" + printable(name_) + "\"")
                     << (all_namespaces_ ? "" : " in namespace \"" + session.ns + "\"") << ".\n";
      co_return Result<void>();
    }
    session.io.out << printer(session).print(found, session.clock.system_now(), false);
    co_return Result<void>();
  }

  Task<Result<void>> follow(Session& session) {
    ObjectKey which{scope(session), ""};
    Follower follower(session.executor, session.clock, session.client, events(session), std::move(which));
    follower.start();
    auto printed = co_await print_changes(session, follower);
    co_await follower.stop();
    co_return printed;
  }

  // Those that are there come together, so that the table knows its widths. What goes because it is old is no news.
  Task<Result<void>> print_changes(Session& session, Follower& follower) {
    auto lines = printer(session);
    std::vector<ObjectPtr> first;
    bool synced = false;
    const auto output = parse_output(output_);
    for (;;) {
      auto next = co_await follower.next(base::SteadyTime::max());
      if (next.has_error()) co_return next.error();
      if (!*next) continue;
      const auto& change = **next;
      const auto now = session.clock.system_now();
      if (change.synced) {
        synced = true;
        oldest_first(first);
        if (output == Output::Table || output == Output::Wide) {
          if (!first.empty()) session.io.out << lines.print(first, now, false);
        } else {
          for (const auto& event : first) session.io.out << lines.print_change(event, now);
        }
      } else if (!change.deleted && wanted(*change.object)) {
        if (synced) session.io.out << lines.print_change(change.object, now);
        if (!synced) first.push_back(change.object);
      }
      if (!session.io.out.flush()) co_return base::error(Reason::InternalError, "standard output was closed");
    }
  }

  std::string about_;
  std::string kind_;
  std::string name_;
  std::vector<std::string> types_;
  std::string output_;
  bool watch_ = false;
  bool all_namespaces_ = false;
  bool no_headers_ = false;
};

}  // namespace

CommandPtr make_events() { return std::make_unique<Events>(); }

}  // namespace berth::cli
