#include "cli/cmd_port_forward.h"

#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/follower.h"
#include "cli/interrupts.h"
#include "cli/port_forwarder.h"
#include "cli/subresource.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

class PortForward final : public Command {
 public:
  CommandHelp help() const override {
    return {"port-forward", "Reach ports of a service from this machine", "ENV SERVICE [LOCAL:]REMOTE... [flags]",
            "Listens on this machine and hands every connection on to the service's container, also to ports that are not published and "
            "from another machine. Goes on until it is interrupted or the environment is gone; a container that is started again or "
            "made anew is found again.",
            "berthctl port-forward checkout-pr-1421 postgres 15432:5432\n"
            "# a port by its name, at any that is free here\nberthctl port-forward checkout-pr-1421 postgres :sql\n"
            "# for others, too\nberthctl port-forward --address 0.0.0.0 checkout-pr-1421/api 8080"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV SERVICE [LOCAL:]REMOTE", "the environment, the service (or ENV/SERVICE), and ports", 2, 0, Completes::Services, &words_});
    flags.list("--address", "ADDRESS", "where to listen: an IP address or localhost (the default); may be given several times", &addresses_);
  }

  Task<Result<int>> run(Session& session) override {
    const bool joined = words_.front().find('/') != std::string::npos;
    auto name = parse_service_name(words_.front(), joined ? "" : words_[1]);
    if (name.has_error()) co_return name.error();
    const std::vector<std::string> wanted(words_.begin() + (joined ? 1 : 2), words_.end());
    if (wanted.empty()) co_return base::error(Reason::BadRequest, "[LOCAL:]REMOTE is missing: the port to forward");
    auto environment = co_await get_environment(session, name->environment);
    if (environment.has_error()) co_return environment.error();
    auto service = one_service(**environment, name->service);
    if (service.has_error()) co_return service.error();
    auto ports = parse(**environment, *service, wanted);
    if (ports.has_error()) co_return ports.error();
    PortForwarder forwarder(session, pod_target(session.scheme, (*environment)->key(), *service, "portforward"));
    auto done = listen(session, forwarder, *ports);
    if (done.has_value()) done = co_await until_it_ends(session, *environment);
    co_await forwarder.stop();
    if (done.has_error()) co_return done.error();
    co_return 0;
  }

 private:
  static Result<std::vector<ForwardedPort>> parse(const Object& environment, const std::string& service, const std::vector<std::string>& wanted) {
    std::vector<ForwardedPort> ports;
    for (const auto& body : items(at(environment.spec(), {"services"}))) {
      if (text_at(body, {"name"}) != service) continue;
      for (const auto& word : wanted) {
        auto port = parse_forwarded_port(word, body);
        if (port.has_error()) return port.error();
        ports.push_back(*port);
      }
    }
    return ports;
  }

  Result<void> listen(Session& session, PortForwarder& forwarder, const std::vector<ForwardedPort>& ports) {
    if (addresses_.empty()) addresses_.emplace_back("localhost");
    for (const auto& port : ports) {
      for (const auto& address : addresses_) {
        auto listening = forwarder.listen(address, port);
        if (listening.has_error()) return listening.error();
        for (const auto& endpoint : *listening) session.io.out << "Forwarding from " << endpoint << " -> " << port.remote << "\n";
      }
    }
    if (!session.io.out.flush()) return base::error(Reason::InternalError, "standard output was closed");
    return {};
  }

  // Interrupted it has done what it was asked to.
  static Task<Result<void>> until_it_ends(Session& session, ObjectPtr environment) {
    Interrupts interrupts(session.executor);
    Follower follower(session.executor, session.clock, session.client, environments(session.scheme), environment->key());
    interrupts.listen([&](int) { follower.wake(); });
    interrupts.start();
    follower.start();
    Result<void> done;
    bool there = true;
    while (there && !interrupts.any() && done.has_value()) {
      auto next = co_await follower.next(base::SteadyTime::max());
      if (next.has_error()) {
        done = next.error();
      } else if (*next && (*next)->object) {
        there = !(*next)->deleted && (*next)->object->uid() == environment->uid();
      }
    }
    co_await follower.stop();
    co_await interrupts.stop();
    if (!there) done = base::error(Reason::NotFound, "environment \"" + environment->name() + "\" is gone");
    co_return done;
  }

  std::vector<std::string> words_;
  std::vector<std::string> addresses_;
};

}  // namespace

CommandPtr make_port_forward() { return std::make_unique<PortForward>(); }

}  // namespace berth::cli
