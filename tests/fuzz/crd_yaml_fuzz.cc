#include <cstdlib>

#include "crd/yaml.h"

// Whatever parses can be written and reads back as the same value; marks stay inside of the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto documents = berth::crd::parse_yaml(text, "fuzz.yaml");
  if (!documents.has_value()) {
    if (documents.error().message.empty()) std::abort();
    return 0;
  }
  const auto lines =
      1 + std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r');
  for (const auto& document : *documents) {
    for (const auto& [path, mark] : document.marks) {
      if (mark.line < 1 || mark.line > lines || mark.column < 1) std::abort();
    }
    auto again = berth::crd::parse_yaml(berth::crd::to_yaml(document.value), "", {.bytes = 64 << 20});
    if (!again.has_value() || again->size() != 1 || again->front().value != document.value) std::abort();
  }
  return 0;
}
