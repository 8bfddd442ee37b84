#!/usr/bin/env bash
# Does the suite notice a mistake? Builds every mutant of mutants.txt in a copy of the tree and runs the tests of the planner on it; then
# the properties on those that survive, and the tests of the reconciler on those that are left. Exit status 1 when a mutant survives.
#   run.sh [BUILD_DIR] [NAME...]   BUILD_DIR (default: build/mutants) is kept: the next run builds only what has changed
#   run.sh --check                 only whether all mutants still apply, without a build
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
list=$here/mutants.txt

die() {
  echo "run.sh: $*" >&2
  exit 2
}

mutate() { awk -v "name=$1" -f "$here/mutate.awk" "$list" "$2"; }  # NAME SOURCE
file_of() { awk -f "$here/mutate.awk" "$list" | awk -v "name=$1" '$1 == name { print $2 }'; }
describe() { awk -v "name=$1" '/^== / { mine = $2 == name; next } mine { print; exit }' "$list"; }
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
mapfile -t names < <(awk -f "$here/mutate.awk" "$list" | cut -d ' ' -f 1)

check() {
  local failed=0 name source
  for name in "${names[@]}"; do
    source=$root/$(file_of "$name")
    if ! mutate "$name" "$source" >"$scratch"; then
      failed=1
    elif cmp -s "$scratch" "$source"; then
      echo "mutant $name: changes nothing" >&2
      failed=1
    fi
  done
  [ "$failed" -eq 0 ] || die "not all mutants apply"
  echo "${#names[@]} mutants apply"
}

if [ "${1:-}" = --check ]; then
  check
  exit
fi
check

build=${1:-$root/build/mutants}
[ $# -eq 0 ] || shift
[ $# -eq 0 ] || names=("$@")
for name in "${names[@]}"; do [ -n "$(file_of "$name")" ] || die "no such mutant: $name"; done
mkdir -p "$build"
build=$(cd "$build" && pwd)
tree=$build/tree
log=$build/log

# The copy is written only where it differs, so that the build sees what has changed and nothing else.
copy_tree() {
  local file
  cd "$root"
  mkdir -p "$tree"
  find CMakeLists.txt VERSION cmake base crd metrics api controller cli tests -type f | sort >"$build/files"
  (cd "$tree" && find . -type f | sed 's|^\./||' | sort) | comm -13 "$build/files" - | (cd "$tree" && xargs -r rm -f --)
  while read -r file; do
    cmp -s "$file" "$tree/$file" && continue
    mkdir -p "$tree/$(dirname "$file")"
    cat "$file" >"$tree/$file"
  done <"$build/files"
}

# Builds and runs one suite. Sets `killer` to the first test that fails, "" when all pass; false when it does not compile.
killer=""
look() {  # SUITE
  killer=""
  cmake --build "$build/cmake" --target "$1" >"$log" 2>&1 || return 1
  RC_PARAMS="seed=1" timeout 300 "$build/cmake/bin/$1" --gtest_brief=1 >"$log" 2>&1 && return
  killer=$(sed -n 's/^\[  FAILED  \] \([^ ,]*\)\(, where .*\| (.*\)\{0,1\}$/\1/p' "$log" | head -n 1)
  killer=${killer:-it hangs or dies}
}

copy_tree
generator=()
if command -v ld.lld >/dev/null; then generator=(-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld); fi
cmake -S "$tree" -B "$build/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DBERTH_APPS=OFF -DBERTH_TESTS=ON \
  "${generator[@]}" >"$log" 2>&1 || { cat "$log"; die "cmake failed"; }

all=${#names[@]}
broken=0
for suite in unit_plan property unit_reconcile; do
  [ "${#names[@]}" -gt 0 ] || break
  look "$suite" || { tail -n 40 "$log"; die "$suite does not build without a mutant"; }
  [ -z "$killer" ] || { cat "$log"; die "$suite does not pass without a mutant: $killer"; }
  survivors=()
  for name in "${names[@]}"; do
    file=$(file_of "$name")
    begin=$SECONDS
    mutate "$name" "$root/$file" >"$tree/$file"
    if ! look "$suite"; then
      grep -m 3 'error' "$log" || tail -n 20 "$log"
      verdict="does not compile"
      broken=$((broken + 1))
    elif [ -z "$killer" ]; then
      verdict="survives $suite"
      survivors+=("$name")
    else
      verdict="killed by $suite: $killer"
    fi
    printf '%-38s %3d s  %s\n' "$name" $((SECONDS - begin)) "$verdict"
    cat "$root/$file" >"$tree/$file"
  done
  names=("${survivors[@]}")
done

for name in "${names[@]}"; do echo "SURVIVED: $name: $(describe "$name")"; done
echo "$((all - broken - ${#names[@]})) of $all mutants killed"
[ $((broken + ${#names[@]})) -eq 0 ]
