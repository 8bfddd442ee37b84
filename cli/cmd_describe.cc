#include "cli/cmd_describe.h"

#include <ostream>

#include "cli/common.h"
#include "cli/describe.h"

namespace berth::cli {

namespace {

class Describe final : public Command {
 public:
  CommandHelp help() const override {
    return {"describe", "Show what is known about objects, with their events",
            "[TYPE] NAME... | TYPE/NAME... | TYPE [-l SELECTOR]",
            "Without a type the names are those of TestEnvironments.", "berthctl describe checkout-pr-1421"};
  }

  void declare(Flags& flags) override {
    flags.argument({"TYPE/NAME", "what to describe", 0, 0, Completes::TypesThenNames, &words_});
    flags.text("--selector,-l", "SELECTOR", "those whose labels match", &selector_text_);
  }

  Task<Result<int>> run(Session& session) override {
    auto groups = parse_targets(session.scheme, words_);
    if (!groups.has_value()) co_return groups.error();
    const auto clear = names_or_selector(groups.value(), selector_text_);
    if (!clear.has_value()) co_return clear.error();
    auto selector = Selector::parse(selector_text_);
    if (!selector.has_value()) co_return selector.error();
    bool first = true;
    for (const auto& targets : groups.value()) {
      const auto ns = targets.resource->namespaced ? session.ns : "";
      auto wanted = selector.value();
      auto names = co_await names_of(session, targets, ns, std::move(wanted));
      if (!names.has_value()) co_return names.error();
      for (const auto& name : names.value()) {
        ObjectKey key{ns, name};
        auto text = co_await describe(session, targets, std::move(key));
        if (!text.has_value()) co_return with_type_advice(text.error(), targets, session.scheme);
        session.io.out << (first ? "" : "\n") << text.value();
        first = false;
      }
    }
    if (first) session.io.err << "Nothing to describe in namespace \"" << session.ns << "\".\n";
    co_return 0;
  }

 private:
  Task<Result<std::string>> describe(Session& session, const Targets& targets, ObjectKey key) {
    auto object = co_await session.client.get(*targets.resource, key);
    if (!object.has_value()) co_return object.error();
    const auto& events = resource_of(session.scheme, "", "v1", "events");
    std::vector<ObjectPtr> about;
    if (targets.resource->namespaced) {
      auto listed = co_await session.client.list(events, key.ns);
      if (!listed.has_value()) co_return listed.error();
      about = events_about(listed.value().items, *object.value());
    }
    const auto now = session.clock.system_now();
    if (targets.resource == &environments(session.scheme)) co_return describe_environment(*object.value(), about, now);
    co_return describe_object(*targets.resource, *object.value(), about, now);
  }

  std::vector<std::string> words_;
  std::string selector_text_;
};

}  // namespace

CommandPtr make_describe() { return std::make_unique<Describe>(); }

}  // namespace berth::cli
