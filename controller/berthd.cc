#include <malloc.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "base/log.h"
#include "base/task_group.h"
#include "controller/app/app.h"

namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

// Every probe, stream and watcher is a descriptor.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int refuse(const berth::Error& error, int code) {
  std::cerr << "berthd: " << error.message << "\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto read = berth::app::read_config(arguments, variable);
  if (read.has_error()) return refuse(read.error(), 2);
  if (read->text) {
    std::cout << *read->text;
    return 0;
  }
  berth::base::log_setup(read->config.log_format, read->config.log_level);
  ::mallopt(M_ARENA_MAX, 2);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto data_dir = berth::app::DataDir::open(read->config.data_dir);
  if (data_dir.has_error()) return refuse(data_dir.error(), 1);
  berth::asio::io_context io(1);
  return berth::base::run_main(io, berth::app::run_until_signalled(std::move(read->config), std::move(*data_dir)));
}
