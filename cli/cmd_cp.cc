#include "cli/cmd_cp.h"

#include "cli/common.h"
#include "cli/container_copy.h"

namespace berth::cli {

namespace {

class Cp final : public Command {
 public:
  CommandHelp help() const override {
    return {"cp", "Copy files to and from a service's container", "SRC DST",
            "One of the two is in a container: ENV:SERVICE:/PATH, ENV/SERVICE:/PATH, or ENV:/PATH where there is only one service. The "
            "image needs no tar, and the container may have ended. As with cp, what is copied to a directory that is there goes into it "
            "under its own name, and DIR/. is what is in DIR. Files that are copied in belong to root. - is a tar archive on standard "
            "input or output.",
            "berthctl cp checkout-pr-1421:api:/var/log/api.log .\n"
            "berthctl cp fixtures/. checkout-pr-1421/postgres:/docker-entrypoint-initdb.d\n"
            "# a directory as an archive\nberthctl cp checkout-pr-1421:postgres:/var/lib/postgresql - > data.tar"};
  }

  void declare(Flags& flags) override {
    flags.argument({"SRC", "a file or directory, here or in a container", 1, 1, Completes::Files, &sources_});
    flags.argument({"DST", "where it goes, here or in a container", 1, 1, Completes::Files, &destinations_});
    flags.text("--container,-c", "SERVICE", "the service, where the path names none", &service_);
  }

  Task<Result<int>> run(Session& session) override {
    auto source = parse_copy_place(sources_.front());
    if (source.has_error()) co_return source.error();
    auto destination = parse_copy_place(destinations_.front());
    if (destination.has_error()) co_return destination.error();
    if (source->remote() == destination->remote()) {
      co_return base::error(Reason::BadRequest, source->remote() ? "both are in a container: copy to this machine first"
                                                                 : "none of the two is in a container: ENV:SERVICE:/PATH is");
    }
    const auto& there = source->remote() ? *source : *destination;
    if (!there.service.empty() && !service_.empty() && there.service != service_) {
      co_return base::error(Reason::BadRequest, "--container names another service than the path");
    }
    auto environment = co_await get_environment(session, there.environment);
    if (environment.has_error()) co_return environment.error();
    auto service = one_service(**environment, there.service.empty() ? service_ : there.service);
    if (service.has_error()) co_return service.error();
    const auto key = (*environment)->key();
    Result<void> copied;
    if (source->remote()) {
      copied = co_await copy_out(session, key, *service, source->path, destination->path);
    } else {
      copied = co_await copy_in(session, key, *service, destination->path, source->path);
    }
    if (copied.has_error()) co_return copied.error();
    co_return 0;
  }

 private:
  std::vector<std::string> sources_;
  std::vector<std::string> destinations_;
  std::string service_;
};

}  // namespace

CommandPtr make_cp() { return std::make_unique<Cp>(); }

}  // namespace berth::cli
