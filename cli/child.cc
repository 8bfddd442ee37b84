#include "cli/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <map>
#include <system_error>

namespace berth::cli {

namespace {

std::vector<std::string> merged_environment(const Variables& variables) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equal = text.find('=');
    if (equal != std::string::npos) merged[text.substr(0, equal)] = text.substr(equal + 1);
  }
  for (const auto& [name, value] : variables) merged[name] = value;
  std::vector<std::string> result;
  for (const auto& [name, value] : merged) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// tcsetpgrp from a background group would stop us by SIGTTOU.
void set_foreground_group(int terminal, pid_t group) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  ::tcsetpgrp(terminal, group);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* argv, char* const* envp, int report, int foreground, pid_t parent) {
  ::setpgid(0, 0);
  if (foreground >= 0) set_foreground_group(foreground, ::getpid());
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (const int signal : {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGTTOU, SIGTTIN, SIGTSTP}) {
    ::sigaction(signal, &normal, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(128 + SIGTERM);
  ::execvpe(argv[0], argv, envp);
  const int why = errno;
  [[maybe_unused]] const auto written = ::write(report, &why, sizeof why);
  ::_exit(127);
}

Error start_error(const std::string& command, int why) {
  const auto message = command + ": " + std::generic_category().message(why);
  if (why == ENOENT) return base::error(Reason::NotFound, message);
  if (why == EACCES || why == ENOEXEC || why == EISDIR || why == ENOTDIR)
    return base::error(Reason::Forbidden, message);
  return base::error(Reason::InternalError, message);
}

// 0 when exec worked (the pipe closed itself), else errno.
int read_report(int fd) {
  int why = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &why, sizeof why);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof why) ? why : 0;
}

}  // namespace

Child::Child(Executor executor) : changes_(executor, SIGCHLD) {
  terminal_ = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (has_terminal()) ::tcgetattr(terminal_, &settings_);
}

Child::~Child() {
  take_terminal();
  if (has_terminal()) ::close(terminal_);
}

bool Child::in_foreground() const { return has_terminal() && ::tcgetpgrp(terminal_) == ::getpgrp(); }

Result<std::unique_ptr<Child>> Child::start(Executor executor, const std::vector<std::string>& argv,
                                            const Variables& variables) {
  std::unique_ptr<Child> child(new Child(std::move(executor)));
  auto words = argv;
  auto environment = merged_environment(variables);
  const auto arguments = pointers(words);
  const auto entries = pointers(environment);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return start_error(argv.front(), errno);
  const bool foreground = child->in_foreground();
  const pid_t parent = ::getpid();
  child->pid_ = ::fork();
  if (child->pid_ == 0) become(arguments.data(), entries.data(), report[1], foreground ? child->terminal_ : -1, parent);
  ::close(report[1]);
  const int fork_error = child->pid_ < 0 ? errno : 0;
  if (fork_error == 0) ::setpgid(child->pid_, child->pid_);
  child->lent_ = foreground && fork_error == 0;
  const int why = fork_error != 0 ? fork_error : read_report(report[0]);
  ::close(report[0]);
  if (why == 0) return child;
  if (fork_error == 0) ::waitpid(child->pid_, nullptr, 0);
  child->ended_ = true;
  return start_error(argv.front(), why);
}

Task<int> Child::wait() {
  int status = 0;
  while (!reap(status)) co_await changes_.async_wait(asio::use_awaitable);
  const bool killed = WIFSIGNALED(status);
  take_terminal();
  if (killed && in_foreground()) ::tcsetattr(terminal_, TCSADRAIN, &settings_);
  co_return killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Child::reap(int& status) {
  for (;;) {
    const pid_t changed = ::waitpid(pid_, &status, WNOHANG | WUNTRACED);
    if (changed <= 0) {
      if (changed == 0 || errno == EINTR) return false;
      status = 0;
      ended_ = true;
      return true;
    }
    if (WIFSTOPPED(status)) {
      stopped();
      continue;
    }
    ended_ = true;
    return true;
  }
}

void Child::stopped() {
  if (!has_terminal()) return;
  take_terminal();
  ::kill(0, SIGSTOP);  // ends when our shell continues us
  if (in_foreground()) lend_terminal();
  forward(SIGCONT);
}

void Child::lend_terminal() {
  set_foreground_group(terminal_, pid_);
  lent_ = true;
}

void Child::take_terminal() {
  if (!lent_) return;
  set_foreground_group(terminal_, ::getpgrp());
  lent_ = false;
}

void Child::forward(int signal) {
  if (ended_ || pid_ <= 0) return;
  if (::kill(-pid_, signal) != 0) ::kill(pid_, signal);
}

}  // namespace berth::cli
