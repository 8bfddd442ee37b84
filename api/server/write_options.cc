#include "api/server/write_options.h"

#include <algorithm>

#include "api/server/option_values.h"
#include "crd/cause.h"

namespace berth::api {

namespace {

constexpr std::size_t kManagerLimit = 128;

std::string default_manager(const http::ServerRequest& request) {
  const auto agent = request.header("User-Agent");
  const auto name = agent.substr(0, std::min(agent.find('/'), kManagerLimit));
  return name.empty() ? "unknown" : std::string(name);
}

Result<std::string> parse_manager(const http::ServerRequest& request, const std::string& kind) {
  const auto given = request.query_value("fieldManager");
  if (!given || given->empty()) return default_manager(request);
  if (given->size() > kManagerLimit) {
    return invalid_options(kind, crd::cause::too_long("fieldManager", kManagerLimit));
  }
  const bool printable =
      std::all_of(given->begin(), given->end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  if (!printable) {
    return invalid_options(kind, crd::cause::invalid("fieldManager", *given, "should only contain printable characters"));
  }
  return *given;
}

}  // namespace

Result<WriteOptions> parse_write_options(const http::ServerRequest& request, const std::string& kind) {
  WriteOptions options;
  auto dry_run = parse_dry_run(kind, query_values(request, "dryRun"));
  if (!dry_run) return dry_run.error();
  options.dry_run = *dry_run;
  auto manager = parse_manager(request, kind);
  if (!manager) return manager.error();
  options.field_manager = std::move(*manager);
  const auto validation = request.query_value("fieldValidation").value_or("");
  if (validation == "Strict") {
    options.field_validation = FieldValidation::Strict;
  } else if (validation == "Ignore") {
    options.field_validation = FieldValidation::Ignore;
  } else if (!validation.empty() && validation != "Warn") {
    const json supported = json::array({"", "Ignore", "Strict", "Warn"});
    return invalid_options(kind, crd::cause::not_supported("fieldValidation", validation, supported));
  }
  return options;
}

Result<PatchOptions> parse_patch_options(const http::ServerRequest& request, bool apply) {
  const std::string kind = "PatchOptions";
  auto write = parse_write_options(request, kind);
  if (!write) return write.error();
  PatchOptions options{std::move(*write), false};
  const auto force = request.query_value("force");
  if (apply && request.query_value("fieldManager").value_or("").empty()) {
    return invalid_options(kind, crd::cause::required("fieldManager", "is required for apply patch"));
  }
  if (!apply && force) return invalid_options(kind, crd::cause::forbidden("force", "may not be specified for non-apply patch"));
  options.force = is_true(force);
  return options;
}

}  // namespace berth::api
