// What a read is asked for: Accept headers, continue tokens, printer paths.
#include <cstdint>
#include <cstdlib>

#include "api/server/continue_token.h"
#include "api/server/json_path.h"
#include "api/server/media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth;
  static const json kValue = json::parse(
      R"({"a":{"b":[1,"x",{"c":true,"type":"Ready","status":"True"},[2,[3]]]},"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  for (const bool stream : {false, true}) {
    const auto accepted = api::negotiate_shape(text, stream);
    if (accepted && stream && accepted->media != api::Media::Json) std::abort();
    if (accepted && accepted->version != "v1" && accepted->version != "v1beta1") std::abort();
    if (const auto plain = api::negotiate_object(text, stream); plain && plain->shape != api::Shape::Object) std::abort();
  }
  if (const auto token = api::decode_continue(text)) {
    const auto again = api::decode_continue(api::encode_continue(*token));
    if (!again || again->revision != token->revision || again->start != token->start) std::abort();
  }
  if (const auto path = api::JsonPath::parse(text)) {
    for (const auto* found : path->find(kValue)) {
      if (!found) std::abort();
    }
  }
  return 0;
}
