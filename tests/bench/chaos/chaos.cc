// For some minutes environments come, change and go while everything that may fail fails at random, under a seed.
//   chaos --berthd PATH [--store-faults] (--simulator PATH | --engine unix:///PATH [--dockerd-script PATH --dockerd-dir DIR]) [--minutes N] [--seed S] [--environments N]
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>

#include "tests/bench/chaos/run.h"

int main(int argc, char** argv) {
  using namespace berth::chaos;
  Options options;
  options.seed = std::random_device{}();
  CLI::App app{"Environments come and go while everything fails at random"};
  app.add_option("--berthd", options.berthd)->required()->check(CLI::ExistingFile);
  auto* simulator = app.add_option("--simulator", options.simulator, "berth_engine_simulator")->check(CLI::ExistingFile);
  auto* engine = app.add_option("--engine", options.engine, "unix:///PATH of a real one")->excludes(simulator);
  app.add_option("--dockerd-script", options.dockerd_script, "tests/lib/dockerd.sh")->needs(engine);
  app.add_option("--dockerd-dir", options.dockerd_dir, "the engine's folder, to kill it and start it again")->needs(engine);
  app.add_flag("--store-faults", options.store_faults, "the disk of the store is full, older copies of it are restored; needs root");
  app.add_option("--minutes", options.minutes);
  app.add_option("--seed", options.seed, "what happens; random when absent");
  app.add_option("--environments", options.environments)->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  if (options.simulator.empty() == options.engine.empty()) {
    std::fprintf(stderr, "chaos: either --simulator or --engine must be given\n");
    return 2;
  }
  if (options.engine.starts_with("unix://")) options.engine.erase(0, 7);
  std::signal(SIGPIPE, SIG_IGN);
  char folder[] = "/tmp/berth-chaos.XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  bool well = false;
  try {
    Run run(options, folder);
    well = run.all();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chaos: %s\n", error.what());
  }
  if (well) {
    std::filesystem::remove_all(folder);
  } else {
    std::printf("\nkept: %s\n", folder);
  }
  return well ? 0 : 1;
}
