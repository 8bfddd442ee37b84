#include "cli/cmd_logs.h"

#include <algorithm>
#include <ostream>

#include "api/http/codec.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "cli/common.h"
#include "cli/fields.h"
#include "cli/subresource.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr std::size_t kErrorBody = 64 * 1024;
constexpr std::array kColors{Color::Cyan, Color::Green, Color::Yellow, Color::Magenta, Color::Blue};

struct LogSource {
  std::string service;
  std::string target;
  std::string prefix;  // "" = bytes as they come
};

Task<Result<void>> refused(http::ClientStream& stream) {
  auto body = co_await stream.read_all(base::Deadline::never(), kErrorBody);
  if (!body.has_value()) co_return body.error();
  auto parsed = crd::parse_json(body.value());
  const auto message = parsed.has_value() ? text_at(parsed.value(), {"message"}) : printable(body.value());
  co_return base::error(stream.status() == 404 ? Reason::NotFound : Reason::InternalError, message);
}

Task<Result<void>> copy_plain(http::ClientStream& stream, std::ostream& out) {
  for (;;) {
    auto bytes = co_await stream.read(base::Deadline::never());
    if (!bytes.has_value()) co_return bytes.error();
    if (bytes.value().empty()) co_return Result<void>();
    if (!(out << bytes.value() << std::flush))
      co_return base::error(Reason::InternalError, "standard output was closed");
  }
}

Task<Result<void>> copy_prefixed(http::ClientStream& stream, std::ostream& out, std::string prefix) {
  std::string rest;
  for (;;) {
    auto bytes = co_await stream.read(base::Deadline::never());
    if (!bytes.has_value()) co_return bytes.error();
    const bool ended = bytes.value().empty();
    rest += bytes.value();
    std::size_t begin = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
      out << prefix << std::string_view(rest).substr(begin, end - begin + 1);
      begin = end + 1;
    }
    rest.erase(0, begin);
    if (ended && !rest.empty()) out << prefix << rest << "\n";
    if (!out.flush()) co_return base::error(Reason::InternalError, "standard output was closed");
    if (ended) co_return Result<void>();
  }
}

class Logs final : public Command {
 public:
  CommandHelp help() const override {
    return {"logs", "Print the output of services", "ENV[/SERVICE...] [flags]",
            "ENV/SERVICE prints one service as it is; ENV alone prints all of them, each line with its service's name "
            "in front.",
            "berthctl logs checkout-pr-1421/postgres --tail 50\n"
            "# everything that happens from now on\nberthctl logs -f --tail 0 checkout-pr-1421"};
  }

  void declare(Flags& flags) override {
    flags.argument(
        {"ENV/SERVICE", "the environment, or ENV/SERVICE, or ENV SERVICE...", 1, 0, Completes::Services, &words_});
    flags.toggle("--follow,-f", "go on as long as the service runs", &follow_);
    flags.number("--tail", "N", "only the last N lines", &tail_);
    flags.duration("--since", "only what is younger than this", &since_);
    flags.toggle("--timestamps", "the engine's time in front of every line", &timestamps_);
  }

  Task<Result<int>> run(Session& session) override {
    auto name = words_.front();
    std::vector<std::string> wanted(words_.begin() + 1, words_.end());
    const auto slash = name.find('/');
    if (slash != std::string::npos) {
      wanted.insert(wanted.begin(), name.substr(slash + 1));
      name.resize(slash);
    }
    auto environment = co_await get_environment(session, std::move(name));
    if (!environment.has_value()) co_return environment.error();
    auto sources = choose(session, *environment.value(), wanted);
    if (!sources.has_value()) co_return sources.error();
    TaskGroup group(session.executor, "logs");
    for (const auto& source : sources.value()) group.spawn(source.service, copy_reported(session, source));
    co_await group.join();
    if (problems_.empty()) co_return 0;
    co_return base::error(Reason::NotFound, join(problems_, "\n"));
  }

 private:
  Result<std::vector<LogSource>> choose(Session& session, const Object& environment,
                                        const std::vector<std::string>& wanted) const {
    std::vector<std::string> services;
    for (const auto& service : items(at(environment.spec(), {"services"})))
      services.push_back(text_at(service, {"name"}));
    for (const auto& service : wanted) {
      if (std::find(services.begin(), services.end(), service) != services.end()) continue;
      return base::error(Reason::NotFound, "environment \"" + environment.name() + "\" has no service \"" +
                                               printable(service) + "\"; it has " + join(services, ", "));
    }
    const auto& chosen = wanted.empty() ? services : wanted;
    std::size_t width = 0;
    for (const auto& service : chosen) width = std::max(width, service.size());
    std::vector<LogSource> sources;
    for (const auto& service : chosen) {
      LogSource source{service, log_target(session.scheme, environment.key(), service, query()), ""};
      const auto label = service + std::string(width - service.size(), ' ') + " | ";
      const auto color = kColors[sources.size() % kColors.size()];
      if (chosen.size() > 1) source.prefix = painted(label, color, session.io.color_out);
      sources.push_back(std::move(source));
    }
    return sources;
  }

  LogQuery query() const {
    LogQuery query;
    query.follow = follow_;
    query.tail = tail_;
    query.timestamps = timestamps_;
    if (since_)
      query.since_seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(*since_).count());
    return query;
  }

  Task<void> copy_reported(Session& session, LogSource source) {
    auto copied = co_await copy(session, source);
    if (!copied.has_value()) problems_.push_back(source.service + ": " + printable(copied.error().message));
  }

  Task<Result<void>> copy(Session& session, const LogSource& source) {
    auto opened = co_await session.remote.open(source.target);
    if (!opened.has_value()) co_return opened.error();
    auto& stream = *opened.value();
    if (stream.status() != 200) co_return co_await refused(stream);
    if (source.prefix.empty()) co_return co_await copy_plain(stream, session.io.out);
    auto prefix = source.prefix;
    co_return co_await copy_prefixed(stream, session.io.out, std::move(prefix));
  }

  std::vector<std::string> words_;
  bool follow_ = false;
  bool timestamps_ = false;
  std::optional<int> tail_;
  std::optional<base::Duration> since_;
  std::vector<std::string> problems_;
};

}  // namespace

CommandPtr make_logs() { return std::make_unique<Logs>(); }

}  // namespace berth::cli
