#include "cli/cmd_logs.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/log_session.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr std::array kColors{Color::Cyan, Color::Green, Color::Yellow, Color::Magenta, Color::Blue};

Task<Result<void>> copy_plain(http::ClientStream& stream, std::ostream& out) {
  for (;;) {
    auto bytes = co_await stream.read(base::Deadline::never());
    if (!bytes.has_value()) co_return bytes.error();
    if (bytes.value().empty()) co_return Result<void>();
    if (!(out << bytes.value() << std::flush))
      co_return base::error(Reason::InternalError, "standard output was closed");
  }
}

class Logs final : public Command {
 public:
  CommandHelp help() const override {
    return {"logs", "Print the output of services", "ENV[/SERVICE...] [-c SERVICE]... [flags]",
            "ENV/SERVICE prints one service as it is; ENV alone prints all of them in the order of time, each line with its "
            "service's name in front. With -f a service whose container is started again or made anew goes on.",
            "berthctl logs checkout-pr-1421/postgres --tail 50\n"
            "# two services as one log\nberthctl logs checkout-pr-1421 -c api -c postgres --since 5m\n"
            "# everything that happens from now on\nberthctl logs -f --tail 0 checkout-pr-1421\n"
            "# what the container that crashed had to say\nberthctl logs checkout-pr-1421 -c api --previous"};
  }

  void declare(Flags& flags) override {
    flags.argument(
        {"ENV/SERVICE", "the environment, or ENV/SERVICE, or ENV SERVICE...", 1, 0, Completes::Services, &words_});
    flags.list("--container,-c", "SERVICE", "only this service; may be given several times", &containers_).completes = Completes::Services;
    flags.toggle("--follow,-f", "go on until the environment is gone or its services have ended", &follow_);
    flags.toggle("--previous,-p", "of the run before the last start", &previous_);
    flags.number("--tail", "N", "only the last N lines of each service", &tail_);
    flags.duration("--since", "only what is younger than this", &since_);
    flags.text("--since-time", "TIME", "only what came after this, as in 2026-01-31T12:00:00Z", &since_time_);
    flags.toggle("--timestamps", "the engine's time in front of every line", &timestamps_);
    flags.choice("--color", {"auto", "always", "never"}, "names of services in colours (auto: on a terminal, unless NO_COLOR is set)",
                 &color_);
  }

  Task<Result<int>> run(Session& session) override {
    auto checked = check();
    if (checked.has_error()) co_return checked.error();
    auto name = words_.front();
    std::vector<std::string> wanted(words_.begin() + 1, words_.end());
    const auto slash = name.find('/');
    if (slash != std::string::npos) {
      wanted.insert(wanted.begin(), name.substr(slash + 1));
      name.resize(slash);
    }
    wanted.insert(wanted.end(), containers_.begin(), containers_.end());
    auto environment = co_await get_environment(session, std::move(name));
    if (!environment.has_value()) co_return environment.error();
    auto services = choose(*environment.value(), wanted);
    if (!services.has_value()) co_return services.error();
    const bool single = services.value().size() == 1;
    if (single && !follow_) {
      auto copied = co_await copy_one(session, *environment.value(), services.value().front());
      if (copied.has_error()) co_return copied.error();
      co_return 0;
    }
    const auto count = services.value().size();
    LogSession log(session, wish(session, *environment.value(), std::move(services.value())));
    auto problems = co_await log.run();
    if (problems.has_error()) co_return problems.error();
    co_return judge(session, std::move(problems.value()), count);
  }

 private:
  Result<void> check() const {
    if (follow_ && previous_) return base::error(Reason::BadRequest, "--follow and --previous exclude each other: a run that is over does not go on");
    if (since_ && !since_time_.empty()) return base::error(Reason::BadRequest, "--since and --since-time exclude each other");
    if (!since_time_.empty() && !base::parse_time(since_time_)) {
      return base::error(Reason::BadRequest,
                         "--since-time: invalid value \"" + printable(since_time_) + "\": a time as in 2026-01-31T12:00:00Z is expected");
    }
    return {};
  }

  static Result<std::vector<std::string>> choose(const Object& environment, const std::vector<std::string>& wanted) {
    std::vector<std::string> services;
    for (const auto& service : items(at(environment.spec(), {"services"})))
      services.push_back(text_at(service, {"name"}));
    if (wanted.empty()) return services;
    std::vector<std::string> chosen;
    for (const auto& service : wanted) {
      if (std::find(services.begin(), services.end(), service) == services.end()) {
        return base::error(Reason::NotFound, "environment \"" + environment.name() + "\" has no service \"" +
                                                 printable(service) + "\"; it has " + join(services, ", "));
      }
      if (std::find(chosen.begin(), chosen.end(), service) == chosen.end()) chosen.push_back(service);
    }
    return chosen;
  }

  LogWish wish(const Session& session, const Object& environment, std::vector<std::string> services) const {
    LogWish wish;
    wish.environment = environment.key();
    wish.uid = environment.uid();
    wish.query = query();
    wish.timestamps = timestamps_;
    const bool colored = color_ == "always" || (color_ != "never" && session.io.color_out);
    std::size_t width = 0;
    for (const auto& service : services) width = std::max(width, service.size());
    for (const auto& service : services) {
      const auto label = service + std::string(width - service.size(), ' ') + " | ";
      const auto color = kColors[wish.prefixes.size() % kColors.size()];
      wish.prefixes.push_back(services.size() > 1 ? painted(label, color, colored) : "");
    }
    wish.services = std::move(services);
    return wish;
  }

  LogQuery query() const {
    LogQuery query;
    query.follow = follow_;
    query.previous = previous_;
    query.tail = tail_;
    query.timestamps = timestamps_;
    query.since_time = since_time_;
    if (since_)
      query.since_seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(*since_).count());
    return query;
  }

  Task<Result<void>> copy_one(Session& session, const Object& environment, std::string service) const {
    auto opened = co_await session.remote.open(log_target(session.scheme, environment.key(), service, query()));
    if (!opened.has_value()) co_return base::error(opened.error().reason, service + ": " + printable(opened.error().message));
    co_return co_await copy_plain(*opened.value(), session.io.out);
  }

  // Asked for the runs before, most services have none: that is no failure of those that have one.
  Result<int> judge(Session& session, std::vector<std::string> problems, std::size_t services) const {
    if (problems.empty()) return 0;
    const auto none = [](const std::string& problem) { return problem.find("previous terminated container") != std::string::npos; };
    const bool only_missing = previous_ && std::all_of(problems.begin(), problems.end(), none);
    if (!only_missing || problems.size() == services) return base::error(Reason::NotFound, join(problems, "\n"));
    session.io.err << join(problems, "\n") << "\n";
    return 0;
  }

  std::vector<std::string> words_;
  std::vector<std::string> containers_;
  bool follow_ = false;
  bool previous_ = false;
  bool timestamps_ = false;
  std::optional<int> tail_;
  std::optional<base::Duration> since_;
  std::string since_time_;
  std::string color_ = "auto";
};

}  // namespace

CommandPtr make_logs() { return std::make_unique<Logs>(); }

}  // namespace berth::cli
