#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::crd {

// What a plain (unquoted) YAML scalar means: null, a boolean, a number or a string, as sigs.k8s.io/yaml
// resolves it, except that only true and false are booleans. nullopt for .inf and .nan, which JSON has no
// word for.
std::optional<json> resolve_plain(std::string_view text);

// Whether `text` reads back as the same string when it is written without quotes, also by YAML 1.1 readers.
bool is_safe_plain(std::string_view text);

// Where `text` is no printable UTF-8 (or no UTF-8 at all), and what stands there; nullopt when all is well.
struct BadText {
  std::size_t offset = 0;
  std::string what;
};
std::optional<BadText> find_bad_text(std::string_view text);

}  // namespace berth::crd
