#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <utility>

namespace berth {

// The running test is this property, and holds. How many cases are tried is said by RC_PARAMS (max_success=10000). RapidCheck prints
// its seed first and, when a case fails, that case and the RC_PARAMS that try just it again.
template <class Body>
void holds(Body body) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  EXPECT_TRUE(rc::check(std::string(test->test_suite_name()) + "." + test->name(), std::move(body)));
}

}  // namespace berth
