#include "cli/cmd_attach.h"

#include <ostream>

#include "cli/common.h"
#include "cli/own_container.h"
#include "cli/subresource.h"

namespace berth::cli {

namespace {

class Attach final : public Command {
 public:
  CommandHelp help() const override {
    return {"attach", "Connect a container of yours to an environment's network", "ENV [CONTAINER] [flags]",
            "Inside it, the services have their names: a CI job's own container reaches postgres:5432 without any "
            "published "
            "port. Without CONTAINER it is the one that berthctl runs in. When the environment goes, the container is "
            "disconnected and otherwise left alone.",
            "berthctl attach checkout-pr-1421 ci-job-4711\n"
            "berthctl attach checkout-pr-1421 ci-job-4711 --detach"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "the environment's name", 1, 1, Completes::Environments, &names_});
    flags.argument({"CONTAINER", "name or id of the container", 0, 1, Completes::Nothing, &containers_});
    flags.toggle("--detach", "disconnect it again", &detach_);
  }

  Task<Result<int>> run(Session& session) override {
    auto container = containers_.empty() ? own_container_id().value_or("") : containers_.front();
    if (container.empty()) {
      co_return base::error(Reason::BadRequest,
                            "CONTAINER is missing, and berthctl does not run in a container itself");
    }
    auto name = names_.front();
    auto environment = co_await get_environment(session, std::move(name));
    if (!environment.has_value()) co_return environment.error();
    auto target = attach_target(session.scheme, environment.value()->key());
    auto body = attach_body(container, !detach_);
    std::string method = "POST";
    auto answer = co_await session.remote.call(std::move(method), std::move(target), std::move(body));
    if (!answer.has_value()) co_return answer.error();
    session.io.out << container << (detach_ ? " detached from " : " attached to ") << environment.value()->name()
                   << "\n";
    co_return 0;
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::string> containers_;
  bool detach_ = false;
};

}  // namespace

CommandPtr make_attach() { return std::make_unique<Attach>(); }

}  // namespace berth::cli
