#include "tests/bench/driver/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/bench/driver/wire.h"

namespace berth::bench {

void Child::start(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execv(words[0], words.data());
  ::_exit(127);
}

bool Child::alive() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void Child::send(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

bool Child::wait(double limit) {
  const auto until = now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(limit));
  while (alive()) {
    if (now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

double Child::peak_mib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

namespace {

// The field of /proc/PID/schedstat, in seconds.
double scheduled(pid_t pid, int field) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/schedstat");
  double value = 0;
  for (int i = 0; i <= field; ++i) stat >> value;
  return value / 1e9;
}

}  // namespace

double Child::cpu_seconds() const { return scheduled(pid_, 0); }
double Child::cpu_wait_seconds() const { return scheduled(pid_, 1); }

void Child::end() {
  send(SIGKILL);
  wait(10);
}

}  // namespace berth::bench
