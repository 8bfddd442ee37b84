#include "cli/cmd_exec.h"

#include <signal.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ostream>

#include "api/http/uri.h"
#include "cli/common.h"
#include "cli/interrupts.h"
#include "cli/remote_exec.h"
#include "cli/subresource.h"

namespace berth::cli {

namespace {

constexpr int kInterrupted = 128;

class Exec final : public Command {
 public:
  CommandHelp help() const override {
    return {"exec", "Run a command in a service's container", "[-i] [-t] ENV -c SERVICE -- COMMAND [ARG...]",
            "The exit status is the command's; 125 when it could not be run. With -t it has a terminal of its own: every key goes to "
            "it, Ctrl-C too. Without, Ctrl-C ends berthctl; an engine cannot end a command, which runs on.",
            "berthctl exec checkout-pr-1421 -c postgres -- pg_isready\n"
            "# a shell\nberthctl exec -it checkout-pr-1421 -c postgres -- sh\n"
            "# from standard input\nberthctl exec -i checkout-pr-1421/postgres -- psql -U postgres < schema.sql"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "the environment's name, or ENV/SERVICE", 1, 1, Completes::Services, &names_});
    flags.text("--container,-c", "SERVICE", "the service; not needed when there is only one", &service_).completes = Completes::Services;
    flags.toggle("--stdin,-i", "hand standard input on to the command", &stdin_);
    flags.toggle("--tty,-t", "give the command a terminal", &tty_);
    flags.tail("COMMAND", "the command and its arguments", &command_);
  }

  int error_status() const override { return 125; }

  Task<Result<int>> run(Session& session) override {
    if (command_.empty()) co_return base::error(Reason::BadRequest, "COMMAND is missing: berthctl exec ENV -c SERVICE -- COMMAND");
    auto name = parse_service_name(names_.front(), service_);
    if (name.has_error()) co_return name.error();
    auto environment = co_await get_environment(session, std::move(name->environment));
    if (environment.has_error()) co_return environment.error();
    auto service = one_service(**environment, name->service);
    if (service.has_error()) co_return service.error();
    if (tty_ && stdin_ && !session.io.in_is_terminal) {
      session.io.err << "berthctl: standard input is no terminal: the command gets none (-t is left out)\n";
      tty_ = false;
    }
    std::vector<std::string> protocols{kExecProtocol, kOlderExecProtocol};
    auto target = target_of(session, (*environment)->key(), *service);
    auto opened = co_await session.remote.websocket(std::move(target), std::move(protocols));
    if (opened.has_error()) co_return opened.error();
    auto done = co_await converse(session, std::move(*opened));
    co_return done;
  }

 private:
  std::string target_of(const Session& session, const ObjectKey& environment, const std::string& service) const {
    auto target = pod_target(session.scheme, environment, service, "exec") + "?container=" + http::percent_encode(service) + "&stdout=true";
    if (stdin_) target += "&stdin=true";
    target += tty_ ? "&tty=true" : "&stderr=true";
    for (const auto& word : command_) target += "&command=" + http::percent_encode(word);
    return target;
  }

  Task<Result<int>> converse(Session& session, OpenedWebSocket opened) {
    RemoteExec exec(session, std::move(opened));
    Interrupts interrupts(session.executor);
    interrupts.listen([&](int signal) {
      if (signal != SIGUSR1 && signal != SIGUSR2) exec.abort();
    });
    interrupts.start();
    TaskGroup resizes(session.executor, "resizes");
    std::optional<WindowSize> size;
    std::optional<RawTerminal> raw;
    if (tty_ && session.io.in_is_terminal) {
      size = window_size(session.io.in_fd);
      if (stdin_) raw.emplace(session.io.in_fd);
      resizes.spawn("window", follow_window(exec, session.executor, session.io.in_fd));
    }
    const auto input = stdin_ ? make_input(session.executor, session.io) : nullptr;
    auto result = co_await exec.run(input.get(), size);
    if (input) input->stop();
    co_await resizes.stop();
    co_await interrupts.stop();
    raw.reset();
    if (result.has_error() && interrupts.any()) co_return kInterrupted + interrupts.received().front();
    co_return result;
  }

  static Task<void> follow_window(RemoteExec& exec, Executor executor, int fd) {
    asio::signal_set changes(executor, SIGWINCH);
    for (;;) {
      co_await changes.async_wait(asio::use_awaitable);
      const auto size = window_size(fd);
      if (size) co_await exec.resize(*size);
    }
  }

  std::vector<std::string> names_;
  std::string service_;
  bool stdin_ = false;
  bool tty_ = false;
  std::vector<std::string> command_;
};

}  // namespace

CommandPtr make_exec() { return std::make_unique<Exec>(); }

}  // namespace berth::cli
