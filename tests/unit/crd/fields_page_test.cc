#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "crd/fields.h"
#include "crd/scheme.h"

// docs/fields.md is made from the CustomResourceDefinitions. docs/write.sh makes it anew.
namespace berth::crd {
namespace {

const json& items_of(const json& schema) { return text_at(schema, "type") == "array" ? schema["items"] : schema; }

bool has_fields(const json& schema) { return schema.contains("properties") && !schema["properties"].empty(); }

std::string quoted_list(const json& values) {
  std::string text;
  for (const json& value : values) text += (text.empty() ? "`" : ", `") + (value.is_string() ? value.get<std::string>() : dump(value)) + "`";
  return text;
}

std::string type_of(const json& schema) {
  if (flag_at(schema, "x-kubernetes-int-or-string")) return "integer or string";
  if (schema.contains("enum")) return "one of " + quoted_list(schema["enum"]);
  const std::string type = text_at(schema, "type");
  if (type == "array") return "list of " + type_of(schema["items"]) + "s";
  if (type == "object" && schema.contains("additionalProperties")) return "map of " + type_of(schema["additionalProperties"]) + "s";
  return type;
}

std::string limits_of(const json& schema) {
  std::string text;
  const auto add = [&](const char* key, const std::string& before, const std::string& after = "") {
    if (const json* value = member(schema, key)) text += "; " + before + dump(*value) + after;
  };
  add("minimum", "from ");
  add("maximum", "to ");
  add("minLength", "at least ", " characters");
  add("maxLength", "at most ", " characters");
  add("minItems", "at least ", "");
  add("maxItems", "at most ", "");
  add("default", "default ");
  return text;
}

std::string in_a_cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

void describe_object(const json& schema, const std::string& path, std::string& page) {
  const json& object = items_of(schema);
  page += "\n## " + path + "\n\n" + text_at(schema, "description") + "\n\n| field | type | |\n|---|---|---|\n";
  const json& required = array_at(object, "required");
  for (const auto& [name, field] : object["properties"].items()) {
    const bool needed = std::find(required.begin(), required.end(), name) != required.end();
    page += "| `" + name + "`" + (needed ? " (required)" : "") + " | " + type_of(field) + limits_of(field) + " | " +
            in_a_cell(text_at(field, "description")) + " |\n";
  }
  for (const auto& [name, field] : object["properties"].items()) {
    if (!has_fields(items_of(field)) || flag_at(field, "x-berth-unsupported")) continue;
    describe_object(field, path + "." + name + (text_at(field, "type") == "array" ? "[]" : ""), page);
  }
}

std::string fields_page() {
  std::string page =
      "# Every field\n\nMade from crd/kinds by docs/write.sh. `kubectl explain te.spec --recursive` says the same. What a change to a field does\nis "
      "in [changes.md](changes.md); names of lists end with `[]`.\n";
  const Scheme scheme = Scheme::builtin();
  for (const ResourceInfo& info : scheme.resources()) {
    if (info.gvk.group != kGroup) continue;
    page += "\n# " + info.gvk.kind + "\n\n" + text_at(info.schema, "description") + "\n";
    for (const char* part : {"spec", "status"}) {
      const json& properties = info.schema["properties"];
      if (const json* schema = find_member(properties, part)) describe_object(*schema, part, page);
    }
  }
  return page;
}

TEST(FieldsPage, IsWhatTheKindsSay) {
  const std::string path = std::string(BERTH_SOURCE_DIR) + "/docs/fields.md";
  if (std::getenv("BERTH_WRITE_DOCS")) std::ofstream(path) << fields_page();
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(text == fields_page()) << "docs/fields.md is stale: run docs/write.sh";
}

void expect_descriptions(const json& schema, const std::string& path) {
  const json& object = items_of(schema);
  for (const auto& [name, field] : object_at(object, "properties").items()) {
    if (path.empty() && name == "metadata") continue;
    EXPECT_NE(text_at(field, "description"), "") << path << "." << name << " has no description";
    expect_descriptions(field, path + "." + name);
  }
}

TEST(FieldsPage, EveryFieldHasADescription) {
  const Scheme scheme = Scheme::builtin();
  for (const ResourceInfo& info : scheme.resources()) {
    if (info.gvk.group == kGroup) expect_descriptions(info.schema, "");
  }
}

}  // namespace
}  // namespace berth::crd
