#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::crd {

// A place in a source text; both count from 1.
struct Mark {
  int line = 1;
  int column = 1;
};

// One document of a file. `marks` maps each field path ("" is the document itself) to where its key or item
// stands, so that an error found later by path can be shown at file:line:column.
struct YamlDocument {
  json value;
  std::map<std::string, Mark> marks;
  std::vector<std::string> duplicate_keys;  // field paths; the last value won, as in sigs.k8s.io/yaml
  // The mark of `path`, or of its nearest known ancestor.
  Mark mark_of(std::string_view path) const;
};

struct YamlLimits {
  std::size_t bytes = 3 * 1024 * 1024;
  std::size_t depth = 100;
  std::size_t nodes = 200'000;  // after alias expansion (the "billion laughs" budget)
};

// Text (YAML 1.2 or JSON, several documents) to values, by yaml-cpp's event interface. Meaning follows
// sigs.k8s.io/yaml, except that plain yes/no/on/off stay strings: only true/false are booleans. Integers
// (decimal, 0x, 0o and YAML 1.1 octal 0444), floats, null/~ and "" (null) resolve as plain scalars; quoted
// ones are strings. Merge keys (<<) are expanded, anchors and aliases within a document too. Empty documents
// are skipped. Pure; may be called from any thread. Text must be UTF-8 without control characters (a byte order
// mark and CRLF are fine). JSON that YAML cannot read ("\ud83d\ude00") is read as JSON, without marks.
// Errors: BadRequest "<name>:<line>:<column>: what", or "line <l>, column <c>: what" when `name` is empty;
// RequestEntityTooLarge past limits.bytes.
Result<std::vector<YamlDocument>> parse_yaml(std::string_view text, std::string_view name = "",
                                             const YamlLimits& limits = {});

// One value as it is written: aliases and merge keys are expanded, tags that YAML does not know are kept, nothing is
// looked up by path. For formats that merge files before they mean anything (crd/compose).
struct YamlTree {
  enum class Kind { Scalar, List, Map };
  struct Key {
    std::string name;
    Mark mark;
  };
  Kind kind = Kind::Scalar;
  Mark mark;
  std::string tag = {};               // "!reset"; "" for none, and for what YAML itself knows
  json scalar = nullptr;              // as in parse_yaml
  std::vector<Key> keys = {};         // of a map, one for each of `items`
  std::vector<YamlTree> items = {};
};

// As parse_yaml, without the detour over JSON. Errors: the same; BadRequest for a key that is given twice in one map.
Result<std::vector<YamlTree>> parse_yaml_trees(std::string_view text, std::string_view name = "", const YamlLimits& limits = {});

// For berthctl -o yaml: block style, keys in the given order, strings quoted only where they need it.
std::string to_yaml(const json& value);

}  // namespace berth::crd
