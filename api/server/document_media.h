#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::api {

// A form in which a document can be had. `parameters` are those of "as", "g" and "v" that name it; a plain form has none.
struct DocumentForm {
  std::string_view type;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
};

// Which of `forms` an Accept header wants: its ranges by q, then the exact ones before those with "*", then as they stand; for one
// range the first form that it covers. A range with one of the three parameters covers only the form with exactly those. "" wants
// anything. nullopt: none of them.
std::optional<std::size_t> choose_form(std::string_view accept, std::span<const DocumentForm> forms);

}  // namespace berth::api
