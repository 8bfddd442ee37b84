#include "controller/reconcile/remote_process.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kExitTime = std::chrono::seconds(10);  // from the end of the output to the exit code
constexpr base::Duration kResizeTime = std::chrono::seconds(5);
// A terminal can be resized once its command runs, which is a moment after the client may say how large it is.
constexpr int kResizeTries = 100;
constexpr base::Duration kResizePause = std::chrono::milliseconds(5);

constexpr std::string_view kNotStarted = "OCI runtime exec failed";
constexpr std::size_t kLongestRefusal = 64 * 1024;
constexpr int kNotExecutable = 126;
constexpr int kNoCommand = 127;

class EngineProcess final : public api::RemoteProcess {
 public:
  EngineProcess(engine::Engine& engine, base::Clock& clock, std::string exec_id, std::string container_id,
                std::shared_ptr<engine::ProcessStream> stream)
      : engine_(engine),
        clock_(clock),
        exec_id_(std::move(exec_id)),
        container_id_(std::move(container_id)),
        stream_(std::move(stream)) {}

  Task<Result<std::optional<api::RemoteOutput>>> next() override {
    auto chunk = co_await stream_->next();
    if (chunk.has_error()) co_return chunk.error();
    if (!*chunk) co_return std::nullopt;
    const bool first = std::exchange(first_, false);
    if (!first || exec_id_.empty() || !(*chunk)->bytes.starts_with(kNotStarted)) {
      co_return api::RemoteOutput{(*chunk)->stream, std::move((*chunk)->bytes)};
    }
    auto failed = co_await not_started(std::move(**chunk));
    co_return failed;
  }
  Task<bool> write(std::string bytes) override { return stream_->write(std::move(bytes)); }
  Task<void> end_input() override { return stream_->end_input(); }
  void close() override { stream_->close(); }

  Task<void> resize(api::TerminalSize size) override {
    const engine::TerminalSize wanted{size.width, size.height};
    for (int attempt = 1;; ++attempt) {
      const auto deadline = base::Deadline::after(clock_.steady_now(), kResizeTime);
      auto resizing = exec_id_.empty() ? engine_.resize_container(container_id_, wanted, deadline)
                                       : engine_.resize_exec(exec_id_, wanted, deadline);
      const auto done = co_await std::move(resizing);
      if (done.has_value() || attempt == (sized_ ? 1 : kResizeTries)) break;
      co_await clock_.sleep_for(kResizePause);
    }
    sized_ = true;
  }

  Task<Result<int>> exit_code() override {
    if (exec_id_.empty()) co_return 0;
    const auto deadline = base::Deadline::after(clock_.steady_now(), kExitTime);
    auto code = co_await engine_.exec_exit_code(exec_id_, deadline);
    co_return code;
  }

 private:
  // The engine says in the output why a command was not started; a command may say the same.
  Task<Result<std::optional<api::RemoteOutput>>> not_started(engine::LogChunk said) {
    while (said.bytes.size() < kLongestRefusal) {
      auto chunk = co_await stream_->next();
      if (chunk.has_error() || !*chunk) break;
      said.bytes += (*chunk)->bytes;
    }
    const auto code = co_await exit_code();
    if (code.has_value() && (*code == kNotExecutable || *code == kNoCommand)) {
      said.bytes.erase(said.bytes.find_last_not_of("\r\n") + 1);
      co_return base::error(Reason::CommandNotFound, "error executing command in container: " + said.bytes);
    }
    co_return api::RemoteOutput{said.stream, std::move(said.bytes)};
  }

  engine::Engine& engine_;
  base::Clock& clock_;
  std::string exec_id_;  // "": attached to the container's own process
  std::string container_id_;
  std::shared_ptr<engine::ProcessStream> stream_;
  bool sized_ = false;
  bool first_ = true;  // nothing was read yet
};

}  // namespace

std::shared_ptr<api::RemoteProcess> remote_exec(engine::Engine& engine, base::Clock& clock, engine::ExecSession session) {
  return std::make_shared<EngineProcess>(engine, clock, std::move(session.id), std::string(), std::move(session.stream));
}

std::shared_ptr<api::RemoteProcess> remote_attach(engine::Engine& engine, base::Clock& clock, std::string container_id,
                                                  std::shared_ptr<engine::ProcessStream> stream) {
  return std::make_shared<EngineProcess>(engine, clock, std::string(), std::move(container_id), std::move(stream));
}

}  // namespace berth::reconcile
