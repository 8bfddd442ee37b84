#pragma once

#include "controller/source/ledger.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/controller/source/source_testing.h"

namespace berth::source::testing {

class LedgerTest : public ::testing::Test {
 protected:
  Wish wish(const std::string& name) { return ledger.want(key(name)).wish; }
  std::string file_of(const std::string& name) {
    const auto want = ledger.want(key(name));
    return want.manifest ? want.manifest->file : "";
  }
  std::vector<std::string> reports(Report::Kind kind) {
    std::vector<std::string> texts;
    for (const auto& report : ledger.take_reports()) {
      if (report.kind == kind) texts.push_back(report.text);
    }
    return texts;
  }

  static constexpr double kDelay = 2;
  Ledger ledger{LedgerOptions{std::chrono::seconds(2), false, nullptr}};
};

}  // namespace berth::source::testing
