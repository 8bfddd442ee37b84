// Request bodies in protocol buffers: whatever comes in, what comes out is an object that names its kind.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/proto/message.h"
#include "api/proto/proto.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto object = proto::decode_object(bytes); object.has_value()) {
    if (!object->is_object() || !object->contains("kind")) std::abort();
    (void)crd::dump(*object);
  }
  // What is known of a document survives the way to JSON and back.
  static const auto& kDocument = *proto::find_openapi("openapi.v2.Document");
  if (const auto document = proto::decode(kDocument, bytes); document.has_value()) {
    const auto again = proto::decode(kDocument, proto::encode(kDocument, *document));
    if (again.has_error() || crd::dump(*again) != crd::dump(*document)) std::abort();
  }
  return 0;
}
