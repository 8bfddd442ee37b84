#include "crd/label_rules.h"

#include <algorithm>

#include "crd/formats.h"

namespace berth::crd {

namespace {

constexpr std::size_t kPartLimit = 63;

constexpr std::string_view kQualifiedRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_label_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_label_part(std::string_view text) {
  if (text.empty() || !is_label_character(text.front()) || !is_label_character(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_label_character(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

std::vector<std::string> qualified_name_errors(std::string_view text) {
  std::vector<std::string> errors;
  const auto slash = text.find('/');
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    const auto prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return {"a qualified name " + std::string(kQualifiedRule) +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    }
    if (prefix.empty()) {
      errors.emplace_back("prefix part must be non-empty");
    } else if (!is_dns_subdomain(prefix)) {
      errors.push_back("prefix part " + std::string(kSubdomainRule));
    }
  }
  if (name.empty()) {
    errors.emplace_back("name part must be non-empty");
  } else if (name.size() > kPartLimit) {
    errors.emplace_back("name part must be no more than 63 bytes");
  }
  if (!is_label_part(name)) errors.push_back("name part " + std::string(kQualifiedRule));
  return errors;
}

std::vector<std::string> label_value_errors(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kPartLimit) errors.emplace_back("must be no more than 63 bytes");
  if (!text.empty() && !is_label_part(text)) errors.emplace_back(kLabelValueRule);
  return errors;
}

}  // namespace berth::crd
