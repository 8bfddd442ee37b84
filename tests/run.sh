#!/usr/bin/env bash
# Installs what is needed, builds everything and tests it: unit and property tests under ASan+UBSan and under TSan (clang 16), a
# short run of every fuzz target, then the whole suite of the release build (g++) against a private Docker engine that it starts and stops itself.
# Runs as root or with sudo on a fresh Debian 12. The last lines are ctest's own summary; the exit status says whether all passed.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/deploy/lib/common.sh"
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "needs root or sudo"
  exec sudo -E -- "$0" "$@"
fi
cd "$ROOT"

mapfile -t packages < <(packages_of deploy/lib/packages.build deploy/lib/packages.engine deploy/lib/packages.test)
install_packages "${packages[@]}"
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}

failed=()
# build_and_test PRESET CTEST_ARGUMENT...
build_and_test() {
  local preset=$1
  shift
  say "$preset: build"
  local begin=$SECONDS
  cmake --preset "$preset" -DBERTH_TESTS=ON >"$ROOT/build/$preset.configure.log" 2>&1 || { cat "$ROOT/build/$preset.configure.log"; die "$preset: configure failed"; }
  local begin_tests
  cmake --build --preset "$preset" | { grep -vE '^\[[0-9]+/[0-9]+\]' || true; }
  begin_tests=$SECONDS
  say "$preset: programs built in $((begin_tests - begin)) s; building the tests"
  cmake --build --preset "$preset" --target tests | { grep -vE '^\[[0-9]+/[0-9]+\]' || true; }
  say "$preset: tests built in $((SECONDS - begin_tests)) s; testing"
  ctest --test-dir "build/$preset" --output-on-failure --timeout 300 "$@" || failed+=("$preset")
}
# Each target starts from its corpus and runs for a few seconds; by hand it runs longer (tests/fuzz/CMakeLists.txt).
fuzz_smoke() {
  local begin=$SECONDS
  say "fuzz: build"
  cmake --preset fuzz -DBERTH_TESTS=ON >build/fuzz.configure.log 2>&1 || { cat build/fuzz.configure.log; die "fuzz: configure failed"; }
  cmake --build --preset fuzz | { grep -vE '^\[[0-9]+/[0-9]+\]' || true; }
  say "fuzz: built in $((SECONDS - begin)) s; running"
  ctest --test-dir build/fuzz -L '^fuzz$' --output-on-failure --timeout 120 -j2 || failed+=(fuzz)
}
mkdir -p build

for preset in asan tsan; do
  build_and_test "$preset" -j2
done
fuzz_smoke
build_and_test release -j1

if [ "${#failed[@]}" -gt 0 ]; then
  printf 'run.sh: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
