#pragma once

#include <optional>
#include <string>

#include "api/server/list_page.h"
#include "api/server/media.h"
#include "api/server/table.h"
#include "base/time.h"

namespace berth::api {

// ?includeObject= of a Table: what its rows carry besides their cells.
enum class IncludeObject { None, Metadata, Object };
// Errors: BadRequest.
Result<IncludeObject> parse_include_object(const http::ServerRequest& request);

// What an answer shows of objects: the whole, PartialObjectMetadata, or rows of a Table. As compact JSON. `printer` outlives it.
// Loop thread only.
class Shaper {
 public:
  Shaper(const crd::ResourceInfo& resource, Accepted accepted, IncludeObject include, const TablePrinter& printer,
         base::SystemTime now);

  // One of the "items" or "rows" of a list.
  void append_item(std::string& out, const Object& object) const;
  // An object by itself. `columns`: a Table says what its columns are, else null stands there.
  void append_object(std::string& out, const Object& object, bool columns = true) const;
  // The same from what append_item() gave.
  void append_object(std::string& out, std::string_view item, storage::Revision revision, bool columns) const;
  // The list around the items (text_frame.h).
  json list_frame(const ListPage& page) const;

 private:
  std::string type_meta(const char* kind) const;

  const crd::ResourceInfo& resource_;
  const Accepted accepted_;
  const IncludeObject include_;
  const TablePrinter& printer_;
  const base::SystemTime now_;
};

}  // namespace berth::api
