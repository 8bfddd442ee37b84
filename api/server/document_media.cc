#include "api/server/document_media.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>

#include "api/http/message.h"
#include "base/text.h"

namespace berth::api {

namespace {

struct AcceptRange {
  DocumentForm form;
  double quality = 1;
};

std::vector<std::string_view> pieces(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    parts.push_back(base::trimmed(text.substr(start, end - start)));
    start = end + 1;
  }
  return parts;
}

AcceptRange parse_accept_range(std::string_view text) {
  const auto parts = pieces(text, ';');
  AcceptRange range{{parts.front(), {}}, 1};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = std::min(parts[i].find('='), parts[i].size());
    const auto name = base::trimmed(parts[i].substr(0, equals));
    const auto rest = parts[i].substr(equals);
    const auto value = rest.empty() ? rest : base::trimmed(rest.substr(1), " \t\"");
    if (name == "q") range.quality = std::atof(std::string(value).c_str());
    if (name == "as" || name == "g" || name == "v") range.form.parameters.emplace_back(name, value);
  }
  std::sort(range.form.parameters.begin(), range.form.parameters.end());
  return range;
}

int wildness(const AcceptRange& range) { return range.form.type == "*/*" ? 2 : range.form.type.ends_with("/*") ? 1 : 0; }

bool covers(const DocumentForm& range, DocumentForm form) {
  std::sort(form.parameters.begin(), form.parameters.end());
  if (range.parameters != form.parameters) return false;
  if (range.type == "*/*" || http::same_text(range.type, form.type)) return true;
  return range.type.ends_with("/*") && form.type.starts_with(range.type.substr(0, range.type.size() - 1));
}

}  // namespace

std::optional<std::size_t> choose_form(std::string_view accept, std::span<const DocumentForm> forms) {
  if (base::trimmed(accept).empty()) accept = "*/*";
  std::vector<AcceptRange> ranges;
  for (const auto part : pieces(accept, ',')) {
    if (!part.empty()) ranges.push_back(parse_accept_range(part));
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.quality, wildness(a)) < std::tuple(-b.quality, wildness(b));
  });
  for (const auto& range : ranges) {
    if (range.quality <= 0) continue;
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (covers(range.form, forms[i])) return i;
    }
  }
  return std::nullopt;
}

}  // namespace berth::api
