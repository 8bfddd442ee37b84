#include "api/server/shaper.h"

#include "api/server/text_frame.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/managed_text.h"

namespace berth::api {

Result<IncludeObject> parse_include_object(const http::ServerRequest& request) {
  const auto text = request.query_value("includeObject").value_or("");
  if (text.empty() || text == "Metadata") return IncludeObject::Metadata;
  if (text == "Object") return IncludeObject::Object;
  if (text == "None") return IncludeObject::None;
  const auto cause = crd::cause::invalid("includeObject", text, "must be 'Metadata', 'Object', 'None', or empty");
  return base::error(Reason::BadRequest, "Unable to convert to Table as requested: " + cause.field + ": " + cause.message);
}

Shaper::Shaper(const crd::ResourceInfo& resource, Accepted accepted, IncludeObject include, const TablePrinter& printer,
               base::SystemTime now)
    : resource_(resource), accepted_(std::move(accepted)), include_(include), printer_(printer), now_(now) {}

// {"kind":"Table","apiVersion":"meta.k8s.io/v1",
std::string Shaper::type_meta(const char* kind) const {
  return std::string("{\"kind\":\"") + kind + "\",\"apiVersion\":\"meta.k8s.io/" + accepted_.version + "\",";
}

void Shaper::append_item(std::string& out, const Object& object) const {
  const auto append_metadata = [&] {
    out += type_meta("PartialObjectMetadata") + "\"metadata\":" + crd::wire_metadata_text(crd::object_at(object.body(), "metadata")) + "}";
  };
  switch (accepted_.shape) {
    case Shape::Object: out += object.bytes(); return;
    case Shape::Metadata:
    case Shape::MetadataList: append_metadata(); return;
    case Shape::Table: break;
  }
  out += "{\"cells\":" + crd::dump(printer_.cells(object, now_)) + ",\"object\":";
  switch (include_) {
    case IncludeObject::None: out += "null"; break;
    case IncludeObject::Metadata: append_metadata(); break;
    case IncludeObject::Object: out += object.bytes(); break;
  }
  out += '}';
}

void Shaper::append_object(std::string& out, const Object& object, bool columns) const {
  if (accepted_.shape != Shape::Table) return append_item(out, object);
  std::string row;
  append_item(row, object);
  append_object(out, row, object.revision(), columns);
}

void Shaper::append_object(std::string& out, std::string_view item, storage::Revision revision, bool columns) const {
  if (accepted_.shape != Shape::Table) {
    out += item;
    return;
  }
  out += type_meta("Table") + "\"metadata\":{\"resourceVersion\":\"" + std::to_string(revision) +
         "\"},\"columnDefinitions\":" + (columns ? printer_.column_definitions() : "null") + ",\"rows\":[";
  out += item;
  out += "]}";
}

json Shaper::list_frame(const ListPage& page) const {
  json metadata = {{"resourceVersion", std::to_string(page.revision)}};
  if (!page.next.empty() || accepted_.shape == Shape::Object) metadata["continue"] = page.next;
  if (page.remaining) metadata["remainingItemCount"] = *page.remaining;
  const auto meta_version = "meta.k8s.io/" + accepted_.version;
  const json items = json::array({TextFrame::kItems});
  if (accepted_.shape == Shape::Table) {
    return {{"kind", "Table"},
            {"apiVersion", meta_version},
            {"metadata", std::move(metadata)},
            {"columnDefinitions", json::parse(printer_.column_definitions())},
            {"rows", items}};
  }
  const bool whole = accepted_.shape == Shape::Object;
  return {{"kind", whole ? resource_.gvk.kind + "List" : "PartialObjectMetadataList"},
          {"apiVersion", whole ? resource_.gvk.api_version() : meta_version},
          {"metadata", std::move(metadata)},
          {"items", items}};
}

}  // namespace berth::api
