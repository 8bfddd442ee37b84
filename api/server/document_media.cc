#include "api/server/document_media.h"

#include <algorithm>
#include <vector>

#include "api/http/message.h"
#include "api/server/accept.h"
#include "base/text.h"

namespace berth::api {

namespace {

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

// What names a form; others, like charset, do not matter.
Parameters naming(Parameters parameters) {
  std::erase_if(parameters, [](const auto& one) { return one.first != "as" && one.first != "g" && one.first != "v"; });
  std::sort(parameters.begin(), parameters.end());
  return parameters;
}

bool covers(const AcceptRange& range, const DocumentForm& form) {
  if (naming(range.parameters) != naming(form.parameters)) return false;
  if (range.type == "*/*" || http::same_text(range.type, form.type)) return true;
  return range.type.ends_with("/*") && form.type.starts_with(range.type.substr(0, range.type.size() - 1));
}

}  // namespace

std::optional<std::size_t> choose_form(std::string_view accept, std::span<const DocumentForm> forms) {
  if (base::trimmed(accept).empty()) accept = "*/*";
  for (const auto& range : parse_accept(accept)) {
    if (range.quality <= 0) continue;
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (covers(range, forms[i])) return i;
    }
  }
  return std::nullopt;
}

}  // namespace berth::api
