#include <cstdlib>
#include <string>

#include "controller/app/app.h"
#include "tests/fakes/crash_points.h"

// berthd, but it is killed when it comes by its crash point number BERTH_CRASH_AT; BERTH_CRASH_TRACE names a
// file that lists them.
int main(int argc, char** argv) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  const auto at = variable("BERTH_CRASH_AT");
  berth::fakes::CrashPoints points(at.empty() ? 0 : std::stoi(at), variable("BERTH_CRASH_TRACE"));
  berth::app::Wraps wraps;
  wraps.store = [&points](auto store) { return points.wrap(std::move(store)); };
  wraps.engine = [&points](auto engine) { return points.wrap(std::move(engine)); };
  return berth::app::run_daemon(argc, argv, std::move(wraps));
}
