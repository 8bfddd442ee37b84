// Percent-encoding, request targets and endpoints: what is written is read back.
#include <cstdint>
#include <cstdlib>

#include "api/http/endpoint.h"
#include "api/http/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (percent_decode(percent_encode(text), false).value() != text) std::abort();
  (void)percent_decode(text, true);
  if (const auto target = parse_target(text); target && !target->path.starts_with('/')) std::abort();
  if (const auto endpoint = parse_endpoint(text, 6440)) {
    if (parse_endpoint(endpoint->str(), 1).value() != *endpoint) std::abort();
  }
  return 0;
}
