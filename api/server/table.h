#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/server/json_path.h"
#include "api/server/table_core.h"
#include "base/time.h"
#include "crd/scheme.h"

namespace berth::api {

// Draws objects of one kind as rows of a meta.k8s.io Table: by the kind's printer columns, or as a Kubernetes server does its own
// kinds. `resource` outlives it. Loop thread only.
class TablePrinter {
 public:
  explicit TablePrinter(const crd::ResourceInfo& resource);
  // The JSON list "columnDefinitions".
  const std::string& column_definitions() const { return definitions_; }
  // One cell for each column: null where there is nothing; dates as the time since then ("5m36s").
  json cells(const Object& object, base::SystemTime now) const;

 private:
  struct Column {
    std::string type;
    std::optional<JsonPath> path;  // none: it could not be read, its cells are null
  };
  const CoreTable* core_;
  std::vector<Column> columns_;
  std::string definitions_;
};

// The printers of all kinds, made at first use.
class TablePrinters {
 public:
  const TablePrinter& of(const crd::ResourceInfo& resource);

 private:
  std::map<const crd::ResourceInfo*, std::unique_ptr<TablePrinter>> printers_;
};

}  // namespace berth::api
