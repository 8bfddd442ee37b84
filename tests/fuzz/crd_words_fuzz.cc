#include <cstdlib>

#include "crd/expand.h"
#include "crd/formats.h"
#include "crd/pattern.h"
#include "crd/quantity.h"

// The small grammars. A pattern is tried on the rest of the input behind the first line end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::crd;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  if (const auto value = parse_cpu(text); value && *value < 0) std::abort();
  if (const auto value = parse_bytes(text); value && *value < 0) std::abort();
  (void)is_image_reference(text);
  (void)is_dns_subdomain(text);
  (void)is_port_name(text);
  (void)decode_base64(text);
  (void)parse_owner(text);
  if (const auto address = parse_ipv4(text); address && format_ipv4(*address) != text) std::abort();
  (void)parse_ipv4_net(text);
  if (expand(text, [](std::string_view) { return std::nullopt; }).size() > text.size()) std::abort();
  const auto line = std::min(text.find('\n'), text.size());
  if (line > 64) return 0;
  if (const auto pattern = Pattern::compile(text.substr(0, line)); pattern.has_value()) {
    (void)pattern->found_in(text.substr(line, 256));
  }
  return 0;
}
