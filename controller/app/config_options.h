#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/app/config.h"

namespace berth::app {

// One named setting: how it is called everywhere, and how its text becomes a part of Config.
struct Option {
  std::string name;      // "port-range"
  std::string value;     // what stands for the value in --help; "" for a switch
  std::string help;
  bool repeatable = false;  // BERTH_…: separated by commas; file: a list
  // Errors: Invalid: what is wrong and what would be right, without the name.
  Result<void> (*set)(Config& config, const std::string& text);
  bool is_switch() const { return value.empty(); }
  std::string variable() const;  // "BERTH_PORT_RANGE"
};

const std::vector<Option>& options();
const Option* find_option(std::string_view name);

// "2s", "500ms", "1m30s", "2" (seconds). Errors: Invalid.
Result<base::Duration> parse_duration(std::string_view text);

}  // namespace berth::app
