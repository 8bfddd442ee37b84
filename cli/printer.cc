#include "cli/printer.h"

#include "cli/fields.h"
#include "cli/json_path.h"
#include "crd/yaml.h"

namespace berth::cli {

namespace {

std::string age_of(const std::string& time, base::SystemTime now) {
  if (time.empty()) return "<unknown>";
  const auto parsed = base::parse_time(time);
  if (!parsed) return "<invalid>";
  return base::human_duration(std::max(base::Duration(0), std::chrono::duration_cast<base::Duration>(now - *parsed)));
}

std::string last_seen(const Object& event, base::SystemTime now) {
  for (const char* field : {"lastTimestamp", "eventTime", "firstTimestamp"}) {
    const auto time = text_at(event.body(), {field});
    if (!time.empty()) return age_of(time, now);
  }
  return age_of(text_at(event.body(), {"metadata", "creationTimestamp"}), now);
}

std::string involved(const Object& event) {
  const auto& object = at(event.body(), {"involvedObject"});
  return lower(text_at(object, {"kind"})) + "/" + text_at(object, {"name"});
}

// Who manages which field is of no use to a reader, and long.
json shown_body(const Object& object) {
  json body = object.body();
  body["metadata"].erase("managedFields");
  return body;
}

json list_of(const std::vector<ObjectPtr>& objects) {
  json list = {
      {"apiVersion", "v1"}, {"kind", "List"}, {"metadata", {{"resourceVersion", ""}}}, {"items", json::array()}};
  for (const auto& object : objects) list["items"].push_back(shown_body(*object));
  return list;
}

std::string ended_line(std::string text) {
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

std::vector<std::string> with_namespace_first(std::vector<std::string> cells, bool with_namespace, std::string ns) {
  if (with_namespace) cells.insert(cells.begin(), std::move(ns));
  return cells;
}

}  // namespace

Output parse_output(std::string_view text) {
  if (text == "wide") return Output::Wide;
  if (text == "yaml") return Output::Yaml;
  if (text == "json") return Output::Json;
  if (text == "name") return Output::Name;
  return Output::Table;
}

std::string display_name(const crd::ResourceInfo& resource, std::string_view name) {
  std::string result = resource.singular.empty() ? lower(resource.gvk.kind) : resource.singular;
  if (!resource.gvk.group.empty()) result += "." + resource.gvk.group;
  return result + "/" + std::string(name);
}

std::vector<Printer::Column> Printer::columns_of(const crd::ResourceInfo& resource, bool wide) {
  const auto name = [](const Object& o, base::SystemTime) { return o.name(); };
  const auto age = [](const Object& o, base::SystemTime now) {
    return age_of(text_at(o.body(), {"metadata", "creationTimestamp"}), now);
  };
  const auto field = [](std::string path) {
    return [path](const Object& o, base::SystemTime) { return json_path_text(o.body(), path); };
  };
  if (resource.gvk.group.empty() && resource.gvk.kind == "Event") {
    std::vector<Column> columns{{"LAST SEEN", last_seen},
                                {"TYPE", field(".type")},
                                {"REASON", field(".reason")},
                                {"OBJECT", [](const Object& o, base::SystemTime) { return involved(o); }}};
    if (wide) columns.push_back({"COUNT", field(".count")});
    columns.push_back({"MESSAGE", field(".message")});
    return columns;
  }
  std::vector<Column> columns{{"NAME", name}};
  for (const auto& column : resource.columns) {
    if (column.priority > 0 && !wide) continue;
    std::string header;
    for (const char c : column.name) header += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    if (header == "NAME") continue;
    if (column.type == "date") {
      columns.push_back({header, [path = column.json_path](const Object& o, base::SystemTime now) {
                           return age_of(json_path_text(o.body(), path), now);
                         }});
    } else {
      columns.push_back({header, field(column.json_path)});
    }
  }
  if (!resource.columns.empty()) return columns;
  if (resource.gvk.kind == "Lease") columns.push_back({"HOLDER", field(".spec.holderIdentity")});
  if (resource.gvk.kind == "Namespace") columns.push_back({"STATUS", field(".status.phase")});
  columns.push_back({"AGE", age});
  return columns;
}

Printer::Printer(const crd::ResourceInfo& resource, Output output, bool with_namespace, bool with_header)
    : resource_(resource),
      output_(output),
      with_namespace_(with_namespace && resource.namespaced),
      with_header_(with_header),
      columns_(columns_of(resource, output == Output::Wide)),
      table_([this] {
        std::vector<std::string> header;
        for (const auto& column : columns_) header.push_back(column.header);
        return with_namespace_first(std::move(header), with_namespace_, "NAMESPACE");
      }()) {}

void Printer::add_row(const Object& object, base::SystemTime now) {
  std::vector<std::string> cells;
  for (const auto& column : columns_) cells.push_back(column.cell(object, now));
  table_.add(with_namespace_first(std::move(cells), with_namespace_, object.ns()));
}

std::string Printer::print(const std::vector<ObjectPtr>& objects, base::SystemTime now, bool single) {
  std::string result;
  switch (output_) {
    case Output::Table:
    case Output::Wide:
      for (const auto& object : objects) add_row(*object, now);
      return table_.take(with_header_);
    case Output::Yaml:
      return ended_line(crd::to_yaml(single ? shown_body(*objects.front()) : list_of(objects)));
    case Output::Json:
      return crd::dump(single ? shown_body(*objects.front()) : list_of(objects), 2) + "\n";
    case Output::Name:
      for (const auto& object : objects) result += display_name(resource_, object->name()) + "\n";
  }
  return result;
}

std::string Printer::print_change(const ObjectPtr& object, base::SystemTime now) {
  switch (output_) {
    case Output::Table:
    case Output::Wide:
      add_row(*object, now);
      return table_.take(with_header_);
    case Output::Yaml:
      return "---\n" + ended_line(crd::to_yaml(shown_body(*object)));
    case Output::Json:
      return crd::dump(shown_body(*object)) + "\n";
    case Output::Name:
      break;
  }
  return display_name(resource_, object->name()) + "\n";
}

}  // namespace berth::cli
