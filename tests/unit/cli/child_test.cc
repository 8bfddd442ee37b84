#include "cli/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "tests/fakes/run_task.h"

namespace berth::cli {
namespace {

using testing::HasSubstr;

constexpr int kNotStarted = 99;

// The exit status of a shell that runs `script` as berthctl would run it.
int run_script(const std::string& script) {
  asio::io_context io;
  const std::vector<std::string> words{"sh", "-c", script};
  auto child = Child::start(io.get_executor(), words, {});
  if (!child.has_value()) return kNotStarted;
  return fakes::run_task(io, child.value()->wait());
}

// A process with a terminal of its own, whose standard input is something else: what `cat x | berthctl run -f -` is in
// a shell.
class OnTerminal {
 public:
  explicit OnTerminal(const std::string& script) {
    pid_ = ::forkpty(&master_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::_exit(run_script(script));
  }
  ~OnTerminal() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    if (master_ >= 0) ::close(master_);
  }

  void type(const std::string& text) { EXPECT_EQ(::write(master_, text.data(), text.size()), ssize_t(text.size())); }
  // What the terminal shows until `text` came, 10 s at most.
  std::string shown_until(const std::string& text) {
    while (shown_.find(text) == std::string::npos) {
      pollfd readable{master_, POLLIN, 0};
      char buffer[256];
      if (::poll(&readable, 1, 10'000) <= 0) break;
      const auto got = ::read(master_, buffer, sizeof buffer);
      if (got <= 0) break;
      shown_.append(buffer, static_cast<std::size_t>(got));
    }
    return shown_;
  }
  int status() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int master_ = -1;
  std::string shown_;
};

TEST(Child, ReadsTheTerminalWhereverStandardInputComesFrom) {
  OnTerminal terminal("echo ask; read answer </dev/tty; echo got $answer; exit 4");
  ASSERT_THAT(terminal.shown_until("ask"), HasSubstr("ask"));
  terminal.type("yes\n");
  ASSERT_THAT(terminal.shown_until("got yes"), HasSubstr("got yes"));
  EXPECT_EQ(terminal.status(), 4);
}

TEST(Child, CtrlCReachesTheCommandAlone) {
  OnTerminal terminal("trap 'exit 6' INT; echo waiting; i=0; while [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done");
  ASSERT_THAT(terminal.shown_until("waiting"), HasSubstr("waiting"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.status(), 6);
}

TEST(Child, InheritsTheStandardStreamsAndNothingElseOfOurs) {
  EXPECT_EQ(run_script("exit $(ls -l /proc/$$/fd | grep -cE 'anon_inode|/dev/tty')"), 0);
}

}  // namespace
}  // namespace berth::cli
