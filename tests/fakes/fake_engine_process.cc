#include "tests/fakes/fake_engine_calls.h"

namespace berth::fakes {

// Says what it has to say, then gives back its input until that ends.
class FakeEngine::Process final : public engine::ProcessStream {
 public:
  Process(std::shared_ptr<base::Signal> changed, std::string output, bool reads)
      : changed_(std::move(changed)), output_(std::move(output)), reads_(reads) {}

  Task<Result<std::optional<engine::LogChunk>>> next() override {
    while (output_.empty() && reads_ && !closed_) co_await changed_->wait();
    if (closed_) co_return base::error(Reason::EngineUnavailable, "fake engine: closed");
    if (output_.empty()) co_return std::nullopt;
    co_return engine::LogChunk{1, std::exchange(output_, "")};
  }
  Task<bool> write(std::string bytes) override {
    if (!reads_ || closed_) co_return false;
    output_ += bytes;
    changed_->notify_all();
    co_return true;
  }
  Task<void> end_input() override {
    reads_ = false;
    changed_->notify_all();
    co_return;
  }
  void close() override {
    closed_ = true;
    changed_->notify_all();
  }

 private:
  std::shared_ptr<base::Signal> changed_;
  std::string output_;
  bool reads_;
  bool closed_ = false;
};

Task<Result<engine::ExecSession>> FakeEngine::open_exec(std::string id, engine::ExecOptions options, base::Deadline deadline) {
  auto effect = [this, id, options]() -> Result<engine::ExecSession> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!box->view.running()) return base::error(Reason::ContainerExited, "Container " + id + " is not running");
    last_exec_ = options;
    const auto behaviour = behaviour_of(*box);
    const auto result = behaviour.exec ? behaviour.exec(options.command) : engine::ExecResult{0, ""};
    const auto exec_id = "exec-" + std::to_string(exec_codes_.size() + 1);
    exec_codes_[exec_id] = result.exit_code;
    return engine::ExecSession{exec_id, std::make_shared<Process>(changed_, result.output, options.streams.in)};
  };
  return call("exec", id, deadline, std::move(effect));
}

Task<Result<int>> FakeEngine::exec_exit_code(std::string exec_id, base::Deadline deadline) {
  auto effect = [this, exec_id]() -> Result<int> {
    const auto code = exec_codes_.find(exec_id);
    if (code == exec_codes_.end()) return base::error(Reason::NotFound, "No such exec instance: " + exec_id);
    return code->second;
  };
  return call("exec", exec_id, deadline, std::move(effect));
}

Task<Result<void>> FakeEngine::resize_exec(std::string exec_id, engine::TerminalSize size, base::Deadline deadline) {
  auto effect = [this, exec_id, size]() -> Result<void> {
    resizes_.push_back(exec_id + " " + std::to_string(size.width) + "x" + std::to_string(size.height));
    return {};
  };
  return call("exec", exec_id, deadline, std::move(effect));
}

Task<Result<std::shared_ptr<engine::ProcessStream>>> FakeEngine::attach_container(std::string id, engine::Streams streams,
                                                                                  base::Deadline deadline) {
  auto effect = [this, id, streams]() -> Result<std::shared_ptr<engine::ProcessStream>> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!box->view.running()) return base::error(Reason::ContainerExited, "container " + id + " is not running");
    return std::shared_ptr<engine::ProcessStream>(std::make_shared<Process>(changed_, "", streams.in));
  };
  return call("exec", id, deadline, std::move(effect));
}

Task<Result<void>> FakeEngine::resize_container(std::string id, engine::TerminalSize size, base::Deadline deadline) {
  return resize_exec(std::move(id), size, deadline);
}

}  // namespace berth::fakes
