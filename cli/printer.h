#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/text.h"
#include "crd/scheme.h"

namespace berth::cli {

enum class Output { Table, Wide, Yaml, Json, Name };
// Of "", "wide", "yaml", "json", "name".
Output parse_output(std::string_view text);

// "testenvironment.berth.dev/checkout", "namespace/ci".
std::string display_name(const crd::ResourceInfo& resource, std::string_view name);

// Objects of one resource as text. Pure: the age of things is measured against the `now` that is handed in.
class Printer {
 public:
  // `with_namespace` puts a NAMESPACE column first. REQUIRES: `resource` outlives the printer.
  Printer(const crd::ResourceInfo& resource, Output output, bool with_namespace, bool with_header = true);

  // What `get` shows: a table; or one YAML/JSON document, a v1 List unless `single`; or names.
  std::string print(const std::vector<ObjectPtr>& objects, base::SystemTime now, bool single);
  // One change of `get -w`: a row, a YAML document, a line of JSON, a name.
  std::string print_change(const ObjectPtr& object, base::SystemTime now);

 private:
  struct Column {
    std::string header;
    std::function<std::string(const Object&, base::SystemTime)> cell;
  };
  static std::vector<Column> columns_of(const crd::ResourceInfo& resource, bool wide);
  void add_row(const Object& object, base::SystemTime now);
  const crd::ResourceInfo& resource_;
  Output output_;
  bool with_namespace_;
  bool with_header_;
  std::vector<Column> columns_;
  Table table_;
};

}  // namespace berth::cli
