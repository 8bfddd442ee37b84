#!/usr/bin/env bash
# Installs what is needed, builds everything and tests it: unit and property tests and a few seconds of every fuzz target under
# ASan+UBSan, unit and property tests under TSan (clang 16), then the whole suite of the release build (g++) against a private Docker
# engine that it starts and stops itself.
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
command -v npm >/dev/null || packages+=(nodejs npm)  # any Node.js from 18 on will do
install_packages "${packages[@]}"
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}

failed=()
# build_and_test PRESET
build_and_test() {
  local preset=$1
  say "$preset: build"
  local begin=$SECONDS
  cmake --preset "$preset" -DBERTH_TESTS=ON >"$ROOT/build/$preset.configure.log" 2>&1 || { cat "$ROOT/build/$preset.configure.log"; die "$preset: configure failed"; }
  local begin_tests
  cmake --build --preset "$preset" | { grep -vE '^\[[0-9]+/[0-9]+\]' || true; }
  begin_tests=$SECONDS
  say "$preset: programs built in $((begin_tests - begin)) s; building the tests"
  cmake --build --preset "$preset" --target tests | { grep -vE '^\[[0-9]+/[0-9]+\]' || true; }
  say "$preset: tests built in $((SECONDS - begin_tests)) s; testing"
  ctest --test-dir "build/$preset" --output-on-failure --timeout 300 -j2 || failed+=("$preset")
}
mkdir -p build

for preset in asan tsan release; do
  build_and_test "$preset"
done

if [ "${#failed[@]}" -gt 0 ]; then
  for preset in "${failed[@]}"; do  # once more where the output ends: of a long log people see its end
    sed "s/^[0-9]*:/run.sh: failed in $preset: /" "build/$preset/Testing/Temporary/LastTestsFailed.log" >&2
  done
  exit 1
fi
