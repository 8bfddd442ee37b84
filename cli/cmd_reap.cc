#include "cli/cmd_reap.h"

#include <ostream>

#include "cli/fields.h"
#include "cli/subresource.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

Task<Result<json>> ask(Session& session, bool confirm, bool adopt) {
  std::string method = "POST";
  auto target = reap_target();
  auto body = reap_body(confirm, adopt);
  co_return co_await session.remote.call(std::move(method), std::move(target), std::move(body));
}

void print_orphans(Session& session, const json& answer) {
  Table table({"KIND", "NAME", "ID", "ENVIRONMENT"});
  for (const auto& orphan : items(at(answer, {"orphans"}))) {
    const auto ns = text_at(orphan, {"namespace"});
    const auto environment = text_at(orphan, {"environment"});
    table.add({text_at(orphan, {"kind"}), text_at(orphan, {"name"}), text_at(orphan, {"id"}).substr(0, 12),
               ns.empty() ? environment : ns + "/" + environment});
  }
  session.io.out << table.take();
}

// What was left of its work, by name; an error when something could not be done.
Result<int> judged(const json& answer) {
  std::vector<std::string> failures;
  for (const auto& failure : items(at(answer, {"failures"}))) {
    failures.push_back(failure.is_string() ? text(failure)
                                           : text_at(failure, {"name"}) + ": " + text_at(failure, {"message"}));
  }
  if (failures.empty()) return 0;
  return base::error(Reason::EngineError, join(failures, "\n"));
}

class Reap final : public Command {
 public:
  CommandHelp help() const override {
    return {"reap", "Show what berth owns on the engine and nobody wants; --yes removes it", "[--yes]",
            "berthd removes such objects by itself, except when its store is new or was restored while they exist: "
            "then it waits "
            "for this command, or for berthctl adopt.",
            "berthctl reap\nberthctl reap --yes"};
  }

  void declare(Flags& flags) override {
    flags.toggle("--yes,-y", "remove them", &yes_);
    flags.choice("--output,-o", {"json"}, "as JSON", &output_);
  }

  Task<Result<int>> run(Session& session) override {
    auto answer = co_await ask(session, yes_, false);
    if (!answer.has_value()) co_return answer.error();
    if (output_ == "json") {
      session.io.out << crd::dump(answer.value(), 2) << "\n";
      co_return judged(answer.value());
    }
    const auto count = items(at(answer.value(), {"orphans"})).size();
    if (count == 0) {
      session.io.out << "Nothing to remove: every object that berth owns on the engine is wanted.\n";
      co_return judged(answer.value());
    }
    print_orphans(session, answer.value());
    if (yes_) {
      session.io.out << number_at(answer.value(), {"removed"}, static_cast<std::int64_t>(count)) << " removed.\n";
    } else {
      session.io.err << "Nothing was removed; berthctl reap --yes removes them, berthctl adopt keeps them.\n";
    }
    co_return judged(answer.value());
  }

 private:
  bool yes_ = false;
  std::string output_;
};

class Adopt final : public Command {
 public:
  CommandHelp help() const override {
    return {"adopt", "Let berthd resume normal work after its store was lost or restored", "",
            "Says that the present store is the truth: what belongs to its objects is kept and adopted.",
            "berthctl adopt"};
  }

  void declare(Flags& flags) override { flags.choice("--output,-o", {"json"}, "as JSON", &output_); }

  Task<Result<int>> run(Session& session) override {
    auto answer = co_await ask(session, false, true);
    if (!answer.has_value()) co_return answer.error();
    if (output_ == "json") {
      session.io.out << crd::dump(answer.value(), 2) << "\n";
    } else {
      session.io.out << "Adopted.\n";
    }
    co_return judged(answer.value());
  }

 private:
  std::string output_;
};

}  // namespace

CommandPtr make_reap() { return std::make_unique<Reap>(); }
CommandPtr make_adopt() { return std::make_unique<Adopt>(); }

}  // namespace berth::cli
