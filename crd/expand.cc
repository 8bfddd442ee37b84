#include "crd/expand.h"

namespace berth::crd {
namespace {

// Calls text(piece) and variable(name) in order: the grammar of
// k8s.io/kubernetes/third_party/forked/golang/expansion.
template <class OnText, class OnVariable>
void scan(std::string_view input, OnText&& text, OnVariable&& variable) {
  std::size_t start = 0;
  std::size_t at = input.find('$');
  while (at != std::string_view::npos && at + 1 < input.size()) {
    std::size_t next = at + 2;
    if (input[at + 1] == '$') {
      text(input.substr(start, at + 1 - start));
      start = next;
    } else if (input[at + 1] == '(') {
      const std::size_t close = input.find(')', next);
      if (close != std::string_view::npos) {
        text(input.substr(start, at - start));
        variable(input.substr(next, close - next));
        start = next = close + 1;
      }
    }
    at = input.find('$', next);
  }
  text(input.substr(start));
}

}  // namespace

std::string expand(std::string_view text,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup) {
  std::string out;
  out.reserve(text.size());
  scan(
      text, [&](std::string_view piece) { out += piece; },
      [&](std::string_view name) {
        if (auto value = lookup(name)) {
          out += *value;
        } else {
          out.append("$(").append(name).append(")");
        }
      });
  return out;
}

bool refers_to(std::string_view text, std::string_view name) {
  bool found = false;
  scan(
      text, [](std::string_view) {}, [&](std::string_view other) { found = found || other == name; });
  return found;
}

}  // namespace berth::crd
