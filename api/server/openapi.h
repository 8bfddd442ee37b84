#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/server/document.h"
#include "crd/scheme.h"

namespace berth::api {

// The OpenAPI documents of everything that is served. Each is made when it is first asked for and kept as bytes; nothing is kept
// before. Loop thread only.
class OpenApi {
 public:
  explicit OpenApi(const crd::Scheme& scheme);

  // /openapi/v3: where the document of each version is, under the hash of its bytes. Makes them all.
  const Document& index();
  // /openapi/v3/{name}, `name` as in "api/v1" or "apis/berth.dev/v1alpha1"; nullptr when there is none.
  const Document* version(const std::string& name);
  // /openapi/v2: all versions in one, as JSON and as the message openapi.v2.Document.
  const Document& v2();
  const Document& v2_protobuf();

 private:
  const crd::Scheme& scheme_;
  std::map<std::string, Document> versions_;
  Document index_;
  Document v2_;
  Document v2_protobuf_;
};

}  // namespace berth::api
