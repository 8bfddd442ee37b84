#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::bench {

// A program that ends with this one.
class Child {
 public:
  Child() = default;
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void start(const std::vector<std::string>& command, const std::string& log);
  bool alive();  // notices when it has ended
  void send(int signal);
  bool wait(double seconds);  // false: it still runs
  void end();                 // SIGKILL
  int status() const { return status_; }
  pid_t pid() const { return pid_; }  // -1: it does not run
  double peak_mib() const;            // of resident memory, until now
  double cpu_seconds() const;         // of its first thread, until now
  double cpu_wait_seconds() const;    // how long that waited for a processor

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace berth::bench
