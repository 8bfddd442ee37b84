#include "api/server/openapi.h"

#include "api/proto/proto.h"
#include "api/server/openapi_v2.h"
#include "api/server/openapi_v3.h"
#include "api/server/served_resources.h"

namespace berth::api {

namespace {

std::string document_name(const GroupVersion& version) { return (version.group.empty() ? "api/" : "apis/") + version.str(); }

}  // namespace

OpenApi::OpenApi(const crd::Scheme& scheme) : scheme_(scheme) {}

const Document& OpenApi::index() {
  if (!index_.bytes.empty()) return index_;
  json paths = json::object();
  for (const auto& one : group_versions(scheme_)) {
    const auto name = document_name(one);
    paths[name] = {{"serverRelativeURL", "/openapi/v3/" + name + "?hash=" + version(name)->hash}};
  }
  index_ = make_document(crd::dump({{"paths", std::move(paths)}}));
  return index_;
}

const Document* OpenApi::version(const std::string& name) {
  if (const auto kept = versions_.find(name); kept != versions_.end()) return &kept->second;
  for (const auto& one : group_versions(scheme_)) {
    if (document_name(one) != name) continue;
    return &versions_.emplace(name, make_document(crd::dump(openapi_v3(scheme_, one)))).first->second;
  }
  return nullptr;
}

const Document& OpenApi::v2() {
  if (v2_.bytes.empty()) v2_ = make_document(crd::dump(openapi_v2(scheme_)));
  return v2_;
}

const Document& OpenApi::v2_protobuf() {
  if (!v2_protobuf_.bytes.empty()) return v2_protobuf_;
  const json swagger = openapi_v2(scheme_);
  v2_protobuf_ = make_document(proto::encode("openapi.v2.Document", openapi_v2_message(swagger)));
  return v2_protobuf_;
}

}  // namespace berth::api
