#pragma once

// The suite that every Engine passes: FakeEngine (tests/unit/controller/engine) and a real one
// (tests/integration/engine_test.cc). Include it in one file of a test binary and instantiate EngineSuite.

// clang-format off
#include "tests/engine_suite/harness.h"
#include "tests/engine_suite/harness_inl.h"
#include "tests/engine_suite/containers_inl.h"
#include "tests/engine_suite/networks_inl.h"
#include "tests/engine_suite/streams_inl.h"
#include "tests/engine_suite/looking_inl.h"
// clang-format on
