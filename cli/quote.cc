#include "cli/quote.h"

#include "cli/text.h"
#include "crd/object.h"
#include "crd/shell_quote.h"

namespace berth::cli {

namespace {

std::string free_delimiter(std::string_view value) {
  const auto lines = split(value, '\n');
  std::string delimiter = "BERTH_END";
  for (int i = 1;; ++i) {
    bool taken = false;
    for (const auto& line : lines) taken = taken || line == delimiter;
    if (!taken) return delimiter;
    delimiter = "BERTH_END_" + std::to_string(i);
  }
}

}  // namespace

std::string dotenv_quote(std::string_view value) {
  if (crd::is_bare_word(value, "_-./:@%+,")) return std::string(value);
  if (value.find_first_of("'\n\r\\") == std::string_view::npos) return "'" + std::string(value) + "'";
  std::string result = "\"";
  for (const char c : value) {
    switch (c) {
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '$':
        result += "\\$";
        break;
      default:
        result += c;
    }
  }
  return result + "\"";
}

std::string github_line(std::string_view name, std::string_view value) {
  if (value.find_first_of("\r\n") == std::string_view::npos) return std::string(name) + "=" + std::string(value) + "\n";
  const auto delimiter = free_delimiter(value);
  return std::string(name) + "<<" + delimiter + "\n" + std::string(value) + "\n" + delimiter + "\n";
}

std::string format_variables(const Variables& variables, VariableFormat format) {
  if (format == VariableFormat::Json) return crd::dump(crd::json(variables), 2) + "\n";
  std::string result;
  for (const auto& [name, value] : variables) {
    switch (format) {
      case VariableFormat::Shell:
        result += "export " + name + "=" + crd::shell_quote(value) + "\n";
        break;
      case VariableFormat::Dotenv:
        result += name + "=" + dotenv_quote(value) + "\n";
        break;
      case VariableFormat::Github:
        result += github_line(name, value);
        break;
      case VariableFormat::Json:
        break;
    }
  }
  return result;
}

}  // namespace berth::cli
