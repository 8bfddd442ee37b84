#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/http/server.h"
#include "base/result.h"
#include "crd/object.h"

// What the options of every verb are read with. Pure.
namespace berth::api {

// Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ...
Error invalid_options(const std::string& kind, Cause cause);

// BadRequest: strconv.ParseInt: parsing "x": invalid syntax.
template <class Number>
Result<Number> parse_number(const std::string& text, const char* parser) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return base::error(Reason::BadRequest, std::string(parser) + ": parsing " + crd::dump(text) + ": invalid syntax");
}

// nullopt when the parameter is absent or empty.
template <class Number>
Result<std::optional<Number>> number_parameter(const http::ServerRequest& request, const char* name,
                                               const char* parser) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return std::optional<Number>();
  auto value = parse_number<Number>(*text, parser);
  if (!value) return value.error();
  return std::optional<Number>(*value);
}

// Every value of a parameter that may be given more than once.
std::vector<std::string> query_values(const http::ServerRequest& request, const std::string& name);

// Invalid for anything but "All".
Result<bool> parse_dry_run(const std::string& kind, const std::vector<std::string>& values);

// Present, and neither "0" nor "false".
bool is_true(const std::optional<std::string>& value);

}  // namespace berth::api
