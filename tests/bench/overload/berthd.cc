#include "tests/bench/overload/berthd.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace berth::overload {

namespace {

// All series of `name`, with their labels.
void each_series(const std::string& socket, const std::string& name, const std::function<void(const std::string& labels, double value)>& tell) {
  std::istringstream lines(bench::ask(socket, "GET", "/metrics").text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const auto end = line.rfind(' ');
    if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
    tell(line.substr(name.size(), end - name.size()), std::atof(line.c_str() + end));
  }
}

}  // namespace

std::string environments_of(const std::string& ns) { return "/apis/berth.dev/v1alpha1/namespaces/" + ns + "/testenvironments"; }

Berthd::Berthd(std::string program, std::string folder, std::string docker_host)
    : program_(std::move(program)),
      folder_(std::move(folder)),
      docker_host_(std::move(docker_host)),
      socket_(folder_ + "/berthd.sock"),
      instance_("overload-" + std::to_string(::getpid())) {}

void Berthd::start() {
  child_.start({program_, "--data-dir", folder_ + "/data", "--listen", "unix://" + socket_, "--docker-host", docker_host_, "--port-range",
                "27000-31999", "--subnet-pool", "10.216.0.0/15", "--instance", instance_},
               folder_ + "/berthd.log");
  const auto until = bench::now() + std::chrono::seconds(20);
  while (!bench::ask(socket_, "GET", "/healthz").good()) {
    if (!child_.alive() || bench::now() >= until) throw std::runtime_error("berthd does not answer");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool Berthd::stop() {
  child_.send(SIGTERM);
  const bool ended = child_.wait(10);
  child_.end();
  return ended;
}

double Berthd::metric(const std::string& name, const std::string& label) const {
  double sum = 0;
  each_series(socket_, name, [&](const std::string& labels, double value) {
    if (labels.find(label) != std::string::npos) sum += value;
  });
  return sum;
}

std::map<std::string, double> Berthd::engine_calls() const {
  std::map<std::string, double> calls;
  each_series(socket_, "berth_engine_requests_total", [&](const std::string& labels, double value) {
    const auto begin = labels.find("operation=\"");
    if (begin == std::string::npos) return;
    calls[labels.substr(begin + 11, labels.find('"', begin + 11) - begin - 11)] += value;
  });
  return calls;
}

}  // namespace berth::overload
