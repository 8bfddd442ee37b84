#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::crd {

// A regular expression (ECMAScript) that is safe on text from anywhere: matching takes time and stack that
// grow with the text at most linearly (a lookahead is walked anew at every character), so back references are refused. For schema
// patterns and the log probe.
// Copies share one program.
class Pattern {
 public:
  // Errors: Invalid with what is wrong in the expression.
  static Result<Pattern> compile(std::string_view expression);
  // Whether it matches anywhere in `text`.
  bool found_in(std::string_view text) const;

 private:
  struct Program;
  explicit Pattern(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace berth::crd
