#pragma once

#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::api {

enum class Media { Json, Yaml };

// What of an object an answer shows: as=Table, as=PartialObjectMetadata(List).
enum class Shape { Object, Table, Metadata, MetadataList };

struct Accepted {
  Media media = Media::Json;
  Shape shape = Shape::Object;
  std::string version = "v1";  // of meta.k8s.io: v1 or v1beta1, unless shape is Object
  bool pretty = false;         // ;pretty=1
};

// The first media range of an Accept header, by q, then by how exact it is, then by order, that berth can write; "" means anything.
// `stream`: a watch, which is JSON lines only. Pure. Errors: NotAcceptable.
Result<Accepted> negotiate_shape(std::string_view accept, bool stream);
// The same for what has one shape alone.
Result<Accepted> negotiate_object(std::string_view accept, bool stream = false);
Result<Media> negotiate(std::string_view accept, bool stream);

}  // namespace berth::api
