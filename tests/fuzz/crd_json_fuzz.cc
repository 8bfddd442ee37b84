#include <cstdlib>

#include "crd/object.h"

// Takes what the library takes, with the same value, except for what is nested too deep.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using berth::crd::json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> duplicates;
  auto value = berth::crd::parse_json(text, &duplicates);
  const json expected = json::parse(text, nullptr, false);
  if (!value.has_value()) {
    const std::string& message = value.error().message;
    if (message.empty() || (!expected.is_discarded() && !message.starts_with("nested deeper"))) std::abort();
    if (berth::crd::dump(json(message)) != json(message).dump()) std::abort();
    return 0;
  }
  if (expected.is_discarded() || berth::crd::dump(*value) != berth::crd::dump(expected)) std::abort();
  (void)berth::crd::Object::make(std::move(*value));
  return 0;
}
