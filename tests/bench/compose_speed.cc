// How long the conversion of a compose file of 2,000 lines takes, the best of ten. Prints one line of JSON; exit status 1 when it is more
// than 50 ms.
#include <chrono>
#include <cstdio>
#include <string>

#include "crd/compose/convert.h"

namespace {

using namespace berth;
using Clock = std::chrono::steady_clock;

constexpr double kMostMilliseconds = 50;
constexpr int kServices = 100;

std::string service(int i) {
  const std::string n = std::to_string(i);
  std::string text = "  service-" + n + ":\n    <<: *common\n    image: \"registry.example/service-" + n +
                     ":${TAG:-1}\"\n    container_name: service-" + n + "\n    ports:\n      - \"${SERVICE_" + n + "_PORT:-" +
                     std::to_string(10'000 + i) + "}:80\"\n      - \"" + std::to_string(20'000 + i) + ":81\"\n    environment:\n";
  for (int k = 0; k < 6; ++k) text += "      NAME_" + std::to_string(k) + ": \"value ${OTHER:-of many} $$(kept)\"\n";
  text += "    volumes:\n      - data-" + n + ":/data\n    healthcheck:\n      test: [\"CMD-SHELL\", \"true\"]\n      interval: 5s\n";
  if (i > 0) text += "    depends_on:\n      service-" + std::to_string(i - 1) + ": {condition: service_healthy}\n";
  return text;
}

std::string compose_file() {
  std::string text = "x-common: &common\n  restart: always\n  init: true\nservices:\n";
  for (int i = 0; i < kServices; ++i) text += service(i);
  text += "volumes:\n";
  for (int i = 0; i < kServices; ++i) text += "  data-" + std::to_string(i) + ":\n";
  return text;
}

}  // namespace

int main() {
  const std::string text = compose_file();
  compose::ConvertRequest request;
  request.load.files = {"compose.yaml"};
  request.load.working_directory = "/srv/speed";
  request.load.variable = [](std::string_view) { return std::nullopt; };
  request.load.access.read = [&](const std::string&) -> Result<std::string> { return text; };
  request.load.access.kind = [](const std::string&) { return compose::FileKind::Missing; };
  double best = 1e9;
  for (int i = 0; i < 10; ++i) {
    const auto begin = Clock::now();
    const auto converted = compose::convert(request);
    if (!converted.has_value()) {
      std::fprintf(stderr, "bench_compose: %s\n", converted.error().message.c_str());
      return 1;
    }
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::printf("{\"lines\": %ld, \"bytes\": %zu, \"milliseconds\": %.1f, \"most\": %.0f}\n", std::count(text.begin(), text.end(), '\n'),
              text.size(), best, kMostMilliseconds);
  return best > kMostMilliseconds ? 1 : 0;
}
