#include "cli/manifest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/fields.h"
#include "cli/targets.h"
#include "cli/text.h"
#include "crd/field_path.h"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

struct ManifestSource {
  std::string name;
  fs::path path;  // empty = standard input
};

bool is_manifest_file(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

void list_directory(const fs::path& directory, std::vector<ManifestSource>& sources, std::vector<std::string>& problems) {
  std::error_code ec;
  std::vector<ManifestSource> found;
  for (fs::recursive_directory_iterator it(directory, ec), end; !ec && it != end; it.increment(ec)) {
    const auto name = it->path().filename().string();
    if (name.starts_with('.')) {
      if (it->is_directory()) it.disable_recursion_pending();
      continue;
    }
    if (it->is_regular_file() && is_manifest_file(it->path())) found.push_back({it->path().string(), it->path()});
  }
  if (ec) problems.push_back(directory.string() + ": " + ec.message());
  if (!ec && found.empty()) problems.push_back(directory.string() + ": holds no .yaml, .yml or .json file");
  std::sort(found.begin(), found.end(), [](const ManifestSource& a, const ManifestSource& b) { return a.name < b.name; });
  sources.insert(sources.end(), found.begin(), found.end());
}

std::vector<ManifestSource> find_sources(const std::vector<std::string>& paths, std::vector<std::string>& problems) {
  std::vector<ManifestSource> sources;
  for (const auto& path : paths) {
    std::error_code ec;
    if (path == "-") {
      sources.push_back({"<stdin>", {}});
    } else if (fs::is_directory(path, ec)) {
      list_directory(path, sources, problems);
    } else {
      sources.push_back({path, path});
    }
  }
  return sources;
}

Result<std::string> read_source(const ManifestSource& source, std::istream& in) {
  if (source.path.empty()) return std::string(std::istreambuf_iterator<char>(in), {});
  errno = 0;
  std::ifstream file(source.path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    const auto why = errno != 0 ? std::generic_category().message(errno) : "cannot be read";
    return base::error(Reason::BadRequest, source.name + ": " + why);
  }
  return text;
}

std::string joined_path(const std::string& prefix, std::string_view field) {
  if (prefix.empty()) return std::string(field);
  if (field.empty()) return prefix;
  return prefix + (field.front() == '[' ? "" : ".") + std::string(field);
}

// Fills in the kind, or says what is wrong with the head of the object.
void check_head(Manifest& manifest, const crd::Scheme& scheme, std::vector<std::string>& problems) {
  const auto wrong = [&](std::string_view field, const std::string& what) {
    problems.push_back(manifest.place(field) + ": " + what);
  };
  if (!manifest.body.is_object()) return wrong("", "an object with apiVersion, kind and metadata is expected");
  const auto& api_version = at(manifest.body, {"apiVersion"});
  const auto& kind = at(manifest.body, {"kind"});
  if (!api_version.is_string()) return wrong("apiVersion", "apiVersion: Required value, such as berth.dev/v1alpha1");
  if (!kind.is_string()) return wrong("kind", "kind: Required value, such as TestEnvironment");
  const auto gvk = crd::parse_api_version(text(api_version), text(kind));
  manifest.resource = scheme.find_kind(gvk);
  if (manifest.resource == nullptr) {
    return wrong("kind", "there is no kind " + printable(gvk.kind) + " in " + printable(gvk.api_version()) +
                             "; the types are " + known_types(scheme));
  }
  const auto& metadata = at(manifest.body, {"metadata"});
  if (!metadata.is_object()) return wrong("metadata", "metadata: Required value");
  for (const char* field : {"name", "generateName", "namespace"}) {
    const auto& value = at(metadata, {field});
    if (!value.is_null() && !value.is_string()) {
      wrong(std::string("metadata.") + field, std::string("metadata.") + field + ": Invalid value: must be a string");
    }
  }
}

void add_objects(const ManifestSource& source, crd::YamlDocument document, const crd::Scheme& scheme,
                 std::vector<Manifest>& manifests, std::vector<std::string>& problems) {
  for (const auto& field : document.duplicate_keys) {
    const auto mark = document.mark_of(field);
    problems.push_back(source.name + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " +
                       field + ": duplicate key");
  }
  const bool is_list = text_at(document.value, {"kind"}) == "List" && text_at(document.value, {"apiVersion"}) == "v1";
  const std::size_t count = is_list ? items(at(document.value, {"items"})).size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    Manifest manifest;
    manifest.file = source.name;
    manifest.path = is_list ? crd::item("items", i) : "";
    manifest.body = is_list ? document.value["items"][i] : document.value;
    manifest.document = document;
    check_head(manifest, scheme, problems);
    manifests.push_back(std::move(manifest));
  }
}

bool is_about_the_server(Reason reason) {
  switch (reason) {
    case Reason::ServiceUnavailable:
    case Reason::Unauthorized:
    case Reason::Timeout:
    case Reason::TooManyRequests:
    case Reason::InternalError:
      return true;
    default:
      return false;
  }
}

// The field paths that a strict decoding error quotes: unknown field "spec.imagge".
std::vector<Cause> strict_causes(std::string_view message) {
  std::vector<Cause> causes;
  for (const std::string_view kind : {"unknown field \"", "duplicate field \""}) {
    std::size_t from = 0;
    while ((from = message.find(kind, from)) != std::string_view::npos) {
      from += kind.size();
      const auto end = message.find('"', from);
      if (end == std::string_view::npos) break;
      const auto word = kind.substr(0, kind.find(' '));
      causes.push_back(
          {"FieldValueInvalid", std::string(word) + " field", std::string(message.substr(from, end - from))});
      from = end;
    }
  }
  return causes;
}

}  // namespace

std::string Manifest::name() const {
  const auto name = text_at(body, {"metadata", "name"});
  return name.empty() ? text_at(body, {"metadata", "generateName"}) : name;
}

std::string Manifest::ns() const { return text_at(body, {"metadata", "namespace"}); }

std::string Manifest::place(std::string_view field) const {
  const auto mark = document.mark_of(joined_path(path, field));
  return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

Result<std::vector<Manifest>> read_manifests(const std::vector<std::string>& paths, std::istream& in,
                                             const crd::Scheme& scheme) {
  std::vector<std::string> problems;
  std::vector<Manifest> manifests;
  for (const auto& source : find_sources(paths, problems)) {
    const auto text = read_source(source, in);
    if (!text.has_value()) {
      problems.push_back(text.error().message);
      continue;
    }
    auto documents = crd::parse_yaml(text.value(), source.name);
    if (!documents.has_value()) {
      problems.push_back(documents.error().message);
      continue;
    }
    if (documents.value().empty()) problems.push_back(source.name + ":1:1: the file holds no object");
    for (auto& document : documents.value()) add_objects(source, std::move(document), scheme, manifests, problems);
  }
  if (!problems.empty()) return base::error(Reason::BadRequest, join(problems, "\n"));
  return manifests;
}

std::vector<std::string> explain(const Error& error, const Manifest& manifest) {
  if (is_about_the_server(error.reason)) return {printable(error.message)};
  auto causes = error.causes;
  if (causes.empty()) causes = strict_causes(error.message);
  if (causes.empty()) return {manifest.place("") + ": " + printable(error.message)};
  struct Line {
    crd::Mark mark;
    std::string text;
  };
  std::vector<Line> lines;
  for (const auto& cause : causes) {
    const auto mark = manifest.document.mark_of(joined_path(manifest.path, cause.field));
    const auto field = cause.field.empty() ? "" : cause.field + ": ";
    const bool repeated = !field.empty() && cause.message.starts_with(field);
    lines.push_back({mark, manifest.place(cause.field) + ": " + (repeated ? "" : field) + printable(cause.message)});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
  });
  std::vector<std::string> result;
  for (auto& line : lines) result.push_back(std::move(line.text));
  return result;
}

}  // namespace berth::cli
