#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crd/object.h"

namespace berth::api {

// The JSONPath of additionalPrinterColumns: ".spec.image", ".a['b.c']", ".a\.b", "[0]", "[-1]", "[1:3]", "[*]", ".*", "['a','b']",
// `[?(@.type=="Ready")].status`, also with != < <= > >= and `[?(@.ready)]`. No "..". Pure, immutable.
class JsonPath {
 public:
  // Errors: Invalid "..., at character N".
  static Result<JsonPath> parse(std::string_view text);
  // What is there, in order; nothing is no error. Points into `value`.
  std::vector<const json*> find(const json& value) const;

  struct Step;

 private:
  std::vector<std::shared_ptr<const Step>> steps_;
  friend class JsonPathParser;
};

}  // namespace berth::api
