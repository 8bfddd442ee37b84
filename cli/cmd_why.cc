#include "cli/cmd_why.h"

#include <ostream>

#include "cli/common.h"
#include "cli/subresource.h"
#include "cli/why_text.h"

namespace berth::cli {

namespace {

class Why final : public Command {
 public:
  CommandHelp help() const override {
    return {"why", "Show what berth did for an environment, and why", "ENV [flags]",
            "Every action that berth began: when, for which cause and generation of the spec, on what, and what the engine answered; "
            "between them what happened without berth. It is kept in berthd's memory while the environment is there and for an hour "
            "after, not across a restart of berthd. A failure that repeats is one line.",
            "berthctl why checkout-pr-1421"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "the environment's name, also when it is gone", 1, 1, Completes::Environments, &names_});
    flags.toggle("--all", "also of environments of that name that were there before", &all_);
    flags.choice("--output,-o", {"json"}, "as JSON", &output_);
  }

  Task<Result<int>> run(Session& session) override {
    std::string method = "GET";
    std::string no_body;
    auto target = why_target({session.ns, names_.front()});
    auto told = co_await session.remote.call(std::move(method), std::move(target), std::move(no_body));
    if (told.has_error()) co_return told.error();
    session.io.out << (output_ == "json" ? crd::dump(*told, 2) + "\n" : why_text(*told, all_));
    co_return 0;
  }

 private:
  std::vector<std::string> names_;
  std::string output_;
  bool all_ = false;
};

}  // namespace

CommandPtr make_why() { return std::make_unique<Why>(); }

}  // namespace berth::cli
