// Many environments are declared at once; what users notice meanwhile, what it costs, and whether each has its turn.
//   overload --berthd PATH (--simulator PATH | --engine unix:///PATH) [--environments N] [--services N]
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "tests/bench/overload/run.h"

int main(int argc, char** argv) {
  using namespace berth::overload;
  Options options;
  CLI::App app{"Many environments are declared at once"};
  app.add_option("--berthd", options.berthd)->required()->check(CLI::ExistingFile);
  auto* simulator = app.add_option("--simulator", options.simulator, "berth_engine_simulator")->check(CLI::ExistingFile);
  app.add_option("--engine", options.engine, "unix:///PATH of a real one")->excludes(simulator);
  app.add_option("--environments", options.environments)->check(CLI::Range(2, 2000))->capture_default_str();
  app.add_option("--services", options.services, "of each")->check(CLI::Range(1, 5))->capture_default_str();
  app.add_option("--clients", options.clients, "connections that declare at once")->check(CLI::Range(1, 500))->capture_default_str();
  app.add_option("--patience", options.patience, "seconds until all must be Ready")->capture_default_str();
  app.add_option("--request-ms", options.request_ms, "limit of the p99 of requests")->capture_default_str();
  app.add_option("--peak-mib", options.peak_mib, "limit of berthd's resident memory")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (options.simulator.empty() == options.engine.empty()) {
    std::fprintf(stderr, "overload: either --simulator or --engine must be given\n");
    return 2;
  }
  if (options.engine.starts_with("unix://")) options.engine.erase(0, 7);
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  char folder[] = "/tmp/berth-overload.XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  bool well = false;
  try {
    Run run(options, folder);
    well = run.all();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "overload: %s\n", error.what());
  }
  if (well) {
    std::filesystem::remove_all(folder);
  } else {
    std::printf("kept: %s\n", folder);
  }
  return well ? 0 : 1;
}
