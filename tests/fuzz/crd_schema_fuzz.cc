#include "crd/schema.h"
#include "crd/scheme.h"
#include "crd/yaml.h"

// A schema from anywhere is refused or can be used; the second document is the value to use it on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::crd;
  auto documents = parse_yaml(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!documents.has_value() || documents->empty()) return 0;
  (void)parse_custom_resource_definition(documents->front().value);
  if (documents->size() < 2 || !check_structural(documents->front().value).empty()) return 0;
  json& value = (*documents)[1].value;
  prune(documents->front().value, value);
  apply_defaults(documents->front().value, value);
  (void)validate(documents->front().value, value);
  return 0;
}
