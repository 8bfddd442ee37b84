// What the API reads from strangers besides bodies: paths, selectors, Accept headers, Host headers, tokens, Status bodies.
#include <cstdint>
#include <cstdlib>

#include "api/server/access.h"
#include "api/server/request_body.h"
#include "api/server/route.h"
#include "api/server/selector.h"
#include "api/server/status_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth;
  static const auto kScheme = crd::Scheme::builtin();
  static const auto& kEvents = *kScheme.find("", "v1", "events");
  static const auto kObject =
      Object::make({{"apiVersion", "v1"}, {"kind", "Event"}, {"metadata", {{"name", "x"}, {"labels", {{"a", "b"}}}}}}).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto route = api::parse_route(kScheme, text);
  if (route.kind == api::Route::Kind::Item && (!route.resource || route.name.empty())) std::abort();
  if (const auto labels = api::LabelSelector::parse(text)) (void)labels->matches(*kObject);
  if (const auto fields = api::FieldSelector::parse(kEvents, text)) (void)fields->matches(*kObject);
  (void)api::negotiate(text, false);
  (void)api::decode_body(api::BodyFormat::Json, text, "X");
  (void)api::from_status(500, text);

  http::ServerRequest request;
  request.headers = {{"Host", "localhost"}, {"Authorization", std::string(text)}};
  if (api::check_access(request, "secret", false).has_value() && text.find("secret") == std::string_view::npos) std::abort();
  request.headers = {{"Host", std::string(text)}, {"Content-Type", std::string(text)}};
  (void)api::body_format(request);
  (void)api::check_access(request, "secret", true);
  return 0;
}
