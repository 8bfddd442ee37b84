#pragma once

#include <map>
#include <string>
#include <string_view>

namespace berth::cli {

using Variables = std::map<std::string, std::string>;

enum class VariableFormat { Shell, Dotenv, Json, Github };

// A value as dotenv files hold it (the meaning that node's, ruby's and python's readers share): plain, 'single-quoted',
// or "double-quoted" with \n, \r, \", \\ and \$.
std::string dotenv_quote(std::string_view value);
// NAME=value, or GitHub's NAME<<delimiter form for values of several lines; the delimiter is no line of the value.
std::string github_line(std::string_view name, std::string_view value);

// All of them, one a line in the order of their names (Json: one object).
std::string format_variables(const Variables& variables, VariableFormat format);

}  // namespace berth::cli
