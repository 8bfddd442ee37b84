#!/bin/sh
# Builds a small tree of bad code and expects each check to find it, and to find nothing in good code.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/base" "$tree/crd" "$tree/controller/plan" "$tree/cli" "$tree/tests/unit" "$tree/deploy"
failed=0

# put FILE: the text comes on stdin.
put() { cat >"$tree/$1"; }

# expect CHECK TEXT: the check fails and prints TEXT.
expect() {
  if out=$("$here/lint.sh" "$1" "$tree"); then
    echo "$1: found nothing, expected: $2"
    failed=1
  elif ! printf '%s\n' "$out" | grep -q -F "$2"; then
    echo "$1: expected: $2"
    echo "$out"
    failed=1
  fi
}

put base/good.h <<'END'
#pragma once
#include "base/time.h"
// co_spawn( in a comment, x.dump( too, steady_clock::now() as well
END
put base/good.cc <<'END'
namespace {
constexpr int kLimit = 1;
int half(int x) { return x / 2; }
int half(double x) { return half(static_cast<int>(x)); }
}  // namespace
int one() { return half(kLimit); }
END
put base/fair.cc <<'END'
namespace {
constexpr int kOtherLimit = 1;
int other(int x) { return x; }
}  // namespace
int third() { return other(1); }
END
for check in includes spawn dump clock sleep size leftovers headers names units scripts; do
  if ! out=$("$here/lint.sh" "$check" "$tree"); then
    echo "$check: finds something in good code: $out"
    failed=1
  fi
done

put crd/up.cc <<'END'
#include "crd/object.h"
#include "api/registry.h"
END
put controller/plan/impure.cc <<'END'
#include <boost/asio/awaitable.hpp>
#include "base/clock.h"
END
put cli/reach.cc <<'END'
#include "controller/plan/names.h"
#include "tests/fakes/fake_clock.h"
END
expect includes 'crd/up.cc:2: must not include "api/registry.h"'
expect includes 'controller/plan/impure.cc:1: is pure'
expect includes 'controller/plan/impure.cc:2: must not include "base/clock.h"'
expect includes 'cli/reach.cc:1: must not include "controller/plan/names.h"'
expect includes 'cli/reach.cc:2: must not include "tests/fakes/fake_clock.h"'

put base/bad.h <<'END'
using namespace std;
asio::co_spawn(io, f(), asio::detached);
auto text = value.dump();
auto now = std::chrono::steady_clock::now();
std::this_thread::sleep_for(1s);
END
expect spawn 'base/bad.h:2:'
expect dump 'base/bad.h:3:'
expect clock 'base/bad.h:4:'
expect sleep 'base/bad.h:5:'
expect headers 'base/bad.h:1: has no #pragma once'
expect headers 'base/bad.h:1: a header must not open'
awk 'BEGIN { for (i = 0; i <= 600; i++) print "// line" }' | put base/long.cc
expect size 'base/long.cc:601:'
echo '// TO''DO: later' | put base/later.cc
expect leftovers 'base/later.cc:1:'
echo | put base/CamelCase.cc
expect names 'base/CamelCase.cc:1:'
for file in one other; do
  printf 'namespace {\n\nError bad(std::string text) {\n}\n\n}  // namespace\n' | put crd/$file.cc
done
expect units 'crd/other.cc:3: crd/one.cc has a "bad" as well'
printf '#!/bin/sh\nif true; then\n' | put deploy/broken.sh
expect scripts 'syntax: '
expect scripts 'deploy/broken.sh:1: is not executable'
exit $failed
