#include "api/http/codec.h"
#include "api/http/uri.h"
#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "controller/engine/http_engine_impl.h"

namespace berth::engine {

namespace {

constexpr std::size_t kOutputKept = 4096;
constexpr auto kExitPoll = std::chrono::milliseconds(10);
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

Error too_late() { return base::error(Reason::DeadlineExceeded, "exec: the command did not end in time"); }

void keep_end(std::string& output, std::string_view more) {
  output.append(more);
  if (output.size() > 2 * kOutputKept) output.erase(0, output.size() - kOutputKept);
}

std::string exact_time(base::SystemTime time) {
  return since_text(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

class HttpLogs final : public LogStream {
 public:
  HttpLogs(std::unique_ptr<http::ClientStream> stream, bool tty, base::Deadline deadline)
      : stream_(std::move(stream)), tty_(tty), deadline_(deadline) {}

  Task<Result<std::optional<LogChunk>>> next() override {
    while (frames_.empty()) {
      auto bytes = co_await stream_->read(deadline_);
      if (!bytes) co_return base::error(Reason::EngineUnavailable, "logs: " + bytes.error().message);
      if (bytes->empty()) co_return std::nullopt;
      if (tty_) co_return LogChunk{1, std::move(*bytes)};
      if (auto split = decoder_.feed(*bytes, frames_); !split)
        co_return base::error(Reason::EngineError, split.error().message);
    }
    auto frame = std::move(frames_.front());
    frames_.erase(frames_.begin());
    if (frame.stream == 3) co_return base::error(Reason::EngineError, "logs: " + frame.payload);
    co_return LogChunk{frame.stream, std::move(frame.payload)};
  }

 private:
  std::unique_ptr<http::ClientStream> stream_;
  http::LogFrameDecoder decoder_;
  std::vector<http::LogFrame> frames_;
  bool tty_;
  base::Deadline deadline_;
};

}  // namespace

Task<Result<std::unique_ptr<LogStream>>> HttpEngine::logs(std::string id, LogOptions options,
                                                          base::Deadline deadline) {
  auto container = co_await inspect_container(id, deadline);
  if (!container) co_return container.error();
  auto target = container_target(id, "/logs?stdout=1&stderr=1");
  if (options.follow) target += "&follow=1";
  if (options.timestamps) target += "&timestamps=1";
  if (options.tail) target += "&tail=" + std::to_string(*options.tail);
  if (options.since) {
    target += "&since=" + exact_time(*options.since);
  } else if (options.since_seconds) {
    target += "&since=" + std::to_string(*options.since_seconds);
  }
  if (options.until) target += "&until=" + exact_time(*options.until);
  auto request = plain("GET", std::move(target));
  auto stream = co_await wire_.open(Operation::ContainerLogs, std::move(request), deadline);
  if (!stream) co_return stream.error();
  const auto until = options.follow ? base::Deadline::never() : deadline;
  co_return std::make_unique<HttpLogs>(std::move(*stream), container->tty, until);
}

// Without a hijack: the answer of /start is the framed output, and ends when the command does.
Task<Result<std::string>> HttpEngine::start_exec(std::string exec_id, base::Deadline deadline) {
  json body = {{"Detach", false}, {"Tty", false}};
  auto request = post("/exec/" + exec_id + "/start", body);
  auto stream = co_await wire_.open(Operation::Exec, std::move(request), deadline);
  if (!stream) co_return stream.error();
  http::LogFrameDecoder decoder;
  std::string output;
  while (true) {
    auto bytes = co_await (*stream)->read(deadline);
    if (!bytes) {
      if (bytes.error().reason == Reason::Timeout) co_return too_late();
      co_return wire_.lost(bytes.error());
    }
    if (bytes->empty()) break;
    std::vector<http::LogFrame> frames;
    if (auto split = decoder.feed(*bytes, frames); !split)
      co_return base::error(Reason::EngineError, split.error().message);
    for (const auto& frame : frames) keep_end(output, frame.payload);
  }
  if (output.size() > kOutputKept) output.erase(0, output.size() - kOutputKept);
  co_return output;
}

// The output may end a moment before the engine knows the exit code.
Task<Result<int>> HttpEngine::exec_exit_code(std::string exec_id, base::Deadline deadline) {
  while (true) {
    auto body = co_await wire_.get(Operation::Exec, "/exec/" + exec_id + "/json", deadline);
    if (!body) co_return body.error();
    const auto& code = fields::member(*body, "ExitCode");
    if (!fields::flag(*body, "Running") && code.is_number_integer()) co_return code.get<int>();
    if (deadline.expired(wire_.clock().steady_now())) co_return too_late();
    co_await wire_.clock().sleep_for(kExitPoll);
  }
}

// Whatever it waits for when its time is over, it is the command that did not end in time.
Task<Result<ExecResult>> HttpEngine::exec(std::string id, std::vector<std::string> command,
                                          base::Deadline deadline) {
  auto result = co_await run_exec(std::move(id), std::move(command), deadline);
  if (result.has_error() && result.error().reason == Reason::EngineUnavailable &&
      deadline.expired(wire_.clock().steady_now())) {
    co_return too_late();
  }
  co_return result;
}

Task<Result<std::string>> HttpEngine::create_exec(std::string id, json body, base::Deadline deadline) {
  auto request = post(container_target(id, "/exec"), body);
  auto created = co_await wire_.send(Operation::Exec, std::move(request), deadline);
  if (!created) co_return created.error();
  auto exec_id = fields::text(json::parse(created->body, nullptr, false), "Id");
  if (exec_id.empty()) co_return base::error(Reason::EngineError, "exec: the answer has no Id");
  co_return exec_id;
}

Task<Result<ExecResult>> HttpEngine::run_exec(std::string id, std::vector<std::string> command,
                                              base::Deadline deadline) {
  json body = {{"Cmd", command}, {"AttachStdout", true}, {"AttachStderr", true}};
  auto created = co_await create_exec(std::move(id), std::move(body), deadline);
  if (!created) co_return created.error();
  const auto exec_id = std::move(*created);
  auto output = co_await start_exec(exec_id, deadline);
  if (!output) co_return output.error();
  auto code = co_await exec_exit_code(exec_id, deadline);
  if (!code) co_return code.error();
  const bool not_started = output->find("OCI runtime exec failed") != std::string::npos;
  if (not_started && (*code == kNotExecutable || *code == kNotFound)) {
    co_return base::error(Reason::CommandNotFound, *output);
  }
  co_return ExecResult{*code, std::move(*output)};
}

}  // namespace berth::engine
