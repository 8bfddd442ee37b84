#!/bin/sh
# Checks what the compiler does not: lint.sh CHECK [ROOT]. Prints "file:line: what" for each finding; exit status 1 when there is any.
# Needs only a POSIX shell, grep and awk.
set -eu

check=${1:?"usage: lint.sh CHECK [ROOT]"}
root=${2:-$(dirname "$0")/../..}
here=$(cd "$(dirname "$0")" && pwd)
cd "$root"
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

folders() {
  for folder in base crd metrics api controller cli tests; do
    if [ -d "$folder" ]; then echo "$folder"; fi
  done
}

# Every source file, or those below the given folders.
sources() {
  if [ $# -eq 0 ]; then set -- $(folders); fi
  find "$@" -type f \( -name '*.h' -o -name '*.cc' \) 2>/dev/null | sort
}

# refuse PATTERN WHAT [FILE...]: no line of the files may match. Comments do not count.
refuse() {
  pattern=$1
  what=$2
  shift 2
  [ $# -gt 0 ] || return 0
  PATTERN=$pattern WHAT=$what awk '
    FNR == 1 { block = 0 }
    {
      line = $0
      if (block) { if (!sub(/^.*\*\//, "", line)) next; block = 0 }
      gsub(/\/\*.*\*\//, "", line)
      if (sub(/\/\*.*$/, "", line)) block = 1
      sub(/(^|[^:"])\/\/.*$/, "", line)
      if (line ~ ENVIRON["PATTERN"]) print FILENAME ":" FNR ": " ENVIRON["WHAT"]
    }' "$@" >>"$findings"
}

without() {
  grep -v -x -E "$1" || true
}

check_includes() {
  awk -v rules="$here/include_rules.txt" '
    function allowed(file, target,    best, i, n, list, glob) {
      best = ""
      for (prefix in may) if (index(file, prefix) == 1 && length(prefix) > length(best)) best = prefix
      n = split(may[best], list, " ")
      for (i = 1; i <= n; i++) {
        if (list[i] == "all" && target !~ /^tests\//) return 1
        if (list[i] ~ /\/\*\.h$/) {
          glob = substr(list[i], 1, length(list[i]) - 3)
          if (index(target, glob) == 1 && substr(target, length(glob) + 1) !~ /\//) return 1
        } else if (list[i] ~ /\/$/ ? index(target, list[i]) == 1 : target == list[i]) return 1
      }
      return 0
    }
    BEGIN {
      while ((getline line < rules) > 0) {
        if (line ~ /^#/ || line == "") continue
        split(line, word, " ")
        may[word[1]] = substr(line, length(word[1]) + 1)
      }
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
      target = $0
      sub(/^[^"]*"/, "", target)
      sub(/".*$/, "", target)
      if (!allowed(FILENAME, target)) print FILENAME ":" FNR ": must not include \"" target "\""
    }
    /^[ \t]*#[ \t]*include[ \t]*[<"]boost\/asio/ && FILENAME ~ /^(crd|controller\/plan)\// {
      print FILENAME ":" FNR ": is pure: no Asio here"
    }
    /^[ \t]*#[ \t]*include[ \t]*<yaml-cpp/ && FILENAME !~ /^crd\/[a-z_]*yaml[a-z_]*\./ {
      print FILENAME ":" FNR ": yaml-cpp belongs to crd/yaml"
    }
  ' $(sources) >>"$findings"
  refuse '#[ \t]*include.*berthd\.cc' 'nobody includes berthd.cc' $(sources)
}

check_spawn() {
  refuse 'co_spawn[ \t]*\(|asio::detached|[(,][ \t]*detached[,)]' 'only base/task_group.cc starts coroutines: use a TaskGroup' \
    $(sources base crd metrics api controller cli | without 'base/task_group\.cc')
}

# A dump with an error handler of its own does not throw. In tests a throw is a failure like any other.
check_dump() {
  refuse '(\.|->)dump\([^)]*$|(\.|->)dump\(([^)e]|e[^r])*\)' 'dump() throws on invalid UTF-8: use crd::dump()' \
    $(sources base crd metrics api controller cli | without 'crd/object\.cc')
}

check_clock() {
  refuse '(system|steady|high_resolution)_clock::now|[^a-z_.>]time\((nullptr|NULL|0)\)|gettimeofday|clock_gettime|CLOCK_REALTIME' \
    'only base/clock.cc reads a clock: take a base::Clock' \
    $(sources base crd metrics api controller cli tests/unit tests/property tests/fakes 2>/dev/null | without 'base/(clock|log)\.cc|tests/unit/metrics/metrics_test\.cc')
}

check_sleep() {
  refuse 'this_thread::sleep|[^a-z_.>]u?sleep[ \t]*\(' 'wait for an event, or for a base::Clock' \
    $(sources base crd metrics api controller cli tests/unit tests/property 2>/dev/null)
}

check_size() {
  awk 'function tell() { if (lines > 600) print last ":" lines ": longer than 600 lines: split it by subject" }
       FNR == 1 { tell() } { last = FILENAME; lines = FNR } END { tell() }' $(sources) >>"$findings"
}

# The pattern is put together so that this file does not match itself.
check_leftovers() {
  words='TO''DO|FIX''ME|XX''X|HA''CK'
  find . -path ./build -prune -o -path ./.git -prune -o -type f \
    \( -name '*.h' -o -name '*.cc' -o -name '*.sh' -o -name '*.cmake' -o -name 'CMakeLists.txt' -o -name '*.yaml' -o -name '*.md' \) -print |
    xargs grep -n -E "(^|[^A-Za-z])($words)([^A-Za-z]|\$)" /dev/null | sed 's|^\./||; s|$| : finish it or leave it out|' >>"$findings" || true
}

check_headers() {
  for header in $(sources | grep '\.h$'); do
    grep -q '^#pragma once$' "$header" || echo "$header:1: has no #pragma once" >>"$findings"
  done
  refuse 'using namespace' 'a header must not open a namespace for its readers' $(sources base crd metrics api controller cli | grep '\.h$')
}

check_names() {
  find $(folders) -type f \( -name '*.h' -o -name '*.cc' \) | grep -v -E '^[a-z0-9_/]+\.(h|cc)$' |
    sed 's|$|:1: files are named in snake_case|' >>"$findings" || true
}

# The release build compiles several files of a folder as one unit.
check_units() {
  awk '
    FNR == 1 { inside = 0 }
    /^namespace \{$/ { inside = 1; next }
    /^}  \/\/ namespace$/ { inside = 0 }
    !inside || !/^[A-Za-z]/ || /^(using|namespace|template|friend)/ { next }
    {
      line = $0
      sub(/ final.*/, "", line)
      if (line ~ /^(struct|class|enum) /) sub(/[:{;].*/, "", line)
      else sub(/[({=;].*/, "", line)
      sub(/(\[[^]]*\])* *$/, "", line)
      if (line !~ /[ *&]/) next
      name = line
      sub(/^.*[ *&]/, "", name)
      if (name !~ /^[A-Za-z_][A-Za-z_0-9]*$/) next
      folder = FILENAME
      sub(/[^\/]*$/, "", folder)
      if (!((folder, name) in first)) first[folder, name] = FILENAME
      else if (first[folder, name] != FILENAME)
        print FILENAME ":" FNR ": " first[folder, name] " has a \"" name "\" as well: share it, or name it for what it is"
    }' $(sources base crd metrics api controller cli tests/fakes | grep '\.cc$') >>"$findings"
}

check_scripts() {
  find . -path ./build -prune -o -path ./.git -prune -o -type f \( -name '*.sh' -o -path './.ci/*' -o -perm -u+x \) -print | sort |
    while read -r file; do
      read -r first <"$file" || true
      case $first in
        '#!'*/sh | '#!'*'env sh') shell=sh ;;
        '#!'*bash*) shell=bash ;;
        '#!'*) continue ;;
        *) case $file in *.sh) shell=bash ;; *) continue ;; esac ;;  # to be sourced
      esac
      if command -v "$shell" >/dev/null; then "$shell" -n "$file" 2>&1 | sed 's|^|syntax: |'; fi
      case $first in '#!'*) [ -x "$file" ] || echo "$file:1: is not executable" ;; esac
    done >>"$findings"
}

case $check in
  includes | spawn | dump | clock | sleep | size | leftovers | headers | names | units | scripts) "check_$check" ;;
  *)
    echo "lint.sh: unknown check: $check" >&2
    exit 2
    ;;
esac

if [ -s "$findings" ]; then
  cat "$findings"
  exit 1
fi
