#include <cstdlib>

#include "crd/schema.h"
#include "crd/scheme.h"
#include "crd/test_environment.h"
#include "crd/yaml.h"

// The way of a manifest up to its typed reading: what passed every check can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::crd;
  static const Scheme kScheme = Scheme::builtin();
  static const ResourceInfo& kKind = *kScheme.find_name("testenvironments");
  auto documents = parse_yaml(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!documents.has_value()) return 0;
  for (auto& document : *documents) {
    json& value = document.value;
    prune(kKind.schema, value);
    if (!prune(kKind.schema, value).empty()) std::abort();
    apply_defaults(kKind.schema, value);
    auto causes = validate(kKind.schema, value);
    if (!causes.empty() || !value.is_object()) continue;
    if (auto object = Object::make(value); !object.has_value()) continue;
    causes = kKind.rules(value, nullptr);
    for (const auto& cause : causes) {
      if (cause.field.empty() || cause.message.empty()) std::abort();
    }
    if (!causes.empty()) continue;
    const TestEnvironmentSpec spec = parse_test_environment_spec(value.at("spec"));
    if (spec.services.empty()) std::abort();
  }
  return 0;
}
