#include "api/server/table.h"

namespace berth::api {

namespace {

TableColumn definition_of(const crd::PrinterColumn& column) {
  auto description = column.description;
  if (description.empty()) description = "Custom resource definition column (in JSONPath format): " + column.json_path;
  return {column.name, column.type, std::move(description), column.priority};
}

std::string table_definitions(const std::vector<TableColumn>& columns) {
  std::string text;
  for (const auto& column : columns) {
    text += text.empty() ? "[" : ",";
    text += "{\"name\":" + crd::dump(column.name) + ",\"type\":" + crd::dump(column.type) + ",\"format\":" +
            (column.name == "Name" ? "\"name\"" : "\"\"") +
            ",\"description\":" + crd::dump(column.description) + ",\"priority\":" + std::to_string(column.priority) + "}";
  }
  return text + "]";
}

json date_cell(const json& value, base::SystemTime now) {
  if (!value.is_string()) return nullptr;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return "<unknown>";
  const auto time = base::parse_time(text);
  return time ? base::human_duration(now - *time) : "<invalid>";
}

json cell_of(const std::string& type, const json& value, base::SystemTime now) {
  if (value.is_null()) return nullptr;
  if (type == "date") return date_cell(value, now);
  if (type == "string") return value.is_string() ? value : json(crd::dump(value));
  if (type == "boolean") return value.is_boolean() ? value : json();
  if (!value.is_number()) return nullptr;
  return type == "integer" && value.is_number_float() ? json(static_cast<std::int64_t>(value.get<double>())) : value;
}

}  // namespace

TablePrinter::TablePrinter(const crd::ResourceInfo& resource) : core_(core_table(resource)) {
  if (core_) {
    definitions_ = table_definitions(core_->columns);
    return;
  }
  static const std::vector<crd::PrinterColumn> kAgeAlone = {
      {"Age", "date", ".metadata.creationTimestamp", std::string(kAgeDescription)}};
  std::vector<TableColumn> shown = {name_column()};
  for (const auto& column : resource.columns.empty() ? kAgeAlone : resource.columns) {
    shown.push_back(definition_of(column));
    auto path = JsonPath::parse(column.json_path);
    columns_.push_back({column.type, path.has_value() ? std::optional(std::move(*path)) : std::nullopt});
  }
  definitions_ = table_definitions(shown);
}

json TablePrinter::cells(const Object& object, base::SystemTime now) const {
  if (core_) return core_->cells(object, now);
  json cells = json::array();
  cells.push_back(object.name());
  for (const auto& column : columns_) {
    const auto found = column.path ? column.path->find(object.body()) : std::vector<const json*>();
    cells.push_back(found.empty() ? json() : cell_of(column.type, *found.front(), now));
  }
  return cells;
}

const TablePrinter& TablePrinters::of(const crd::ResourceInfo& resource) {
  auto& printer = printers_[&resource];
  if (!printer) printer = std::make_unique<TablePrinter>(resource);
  return *printer;
}

}  // namespace berth::api
