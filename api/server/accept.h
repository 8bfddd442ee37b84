#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace berth::api {

// One media range of an Accept header (RFC 9110, 12.5.1). Views into the header.
struct AcceptRange {
  std::string_view type;
  double quality = 1;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  // without q; values without quotes

  // The last one of that name; "" when there is none.
  std::string_view parameter(std::string_view name) const;
};

// The ranges in the order in which a client wants them: by q, then the exact ones before those with "*", then as they stand. Those
// with q=0 too. None for "". Pure.
std::vector<AcceptRange> parse_accept(std::string_view accept);

}  // namespace berth::api
