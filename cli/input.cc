#include "cli/input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <iterator>
#include <optional>
#include <thread>

#include "base/signal.h"
#include "base/unique_fd.h"

namespace berth::cli {

namespace {

constexpr std::size_t kInputPiece = 32 * 1024;

class StreamInput final : public Input {
 public:
  explicit StreamInput(std::istream& in) : in_(in) {}
  Task<std::string> read() override { co_return std::string(std::istreambuf_iterator<char>(in_), {}); }
  void stop() override {}

 private:
  std::istream& in_;
};

// The thread waits for a byte in the pipe, which asks for the next piece, or for the pipe's end, which ends it.
class ThreadInput final : public Input {
 public:
  ThreadInput(Executor executor, int fd) : shared_(std::make_shared<Shared>(executor)), executor_(executor), fd_(fd) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    reader_ = base::UniqueFd(ends[0]);
    writer_ = base::UniqueFd(ends[1]);
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadInput() override { stop(); }

  Task<std::string> read() override {
    const auto shared = shared_;
    shared->piece.reset();
    const char ask = '.';
    if (writer_.get() < 0 || ::write(writer_.get(), &ask, 1) != 1) co_return std::string();
    while (!shared->piece) co_await shared->changed.wait();
    co_return std::move(*shared->piece);
  }

  void stop() override {
    writer_ = base::UniqueFd();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Shared {
    explicit Shared(const Executor& executor) : changed(executor) {}
    std::optional<std::string> piece;
    base::Signal changed;
  };

  void run() {
    char ask = 0;
    while (::read(reader_.get(), &ask, 1) == 1) {
      std::array<pollfd, 2> wanted = {{{fd_, POLLIN, 0}, {reader_.get(), POLLIN, 0}}};
      while (::poll(wanted.data(), wanted.size(), -1) < 0 && errno == EINTR) {
      }
      if (wanted[1].revents != 0) return;
      std::string piece(kInputPiece, '\0');
      const auto got = ::read(fd_, piece.data(), piece.size());
      piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      asio::post(executor_, [shared = shared_, piece = std::move(piece)]() mutable {
        shared->piece = std::move(piece);
        shared->changed.notify_all();
      });
    }
  }

  std::shared_ptr<Shared> shared_;
  Executor executor_;
  int fd_;
  base::UniqueFd reader_;
  base::UniqueFd writer_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Input> make_input(Executor executor, Io& io) {
  if (io.in_fd < 0) return std::make_unique<StreamInput>(io.in);
  return std::make_unique<ThreadInput>(std::move(executor), io.in_fd);
}

}  // namespace berth::cli
