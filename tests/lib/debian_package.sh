#!/usr/bin/env bash
# Unpacks a package of another Debian suite beside the system, installing nothing: a newer kubectl, compose or engine to test with.
#   tests/lib/debian_package.sh SUITE PACKAGE DIR     DIR then holds the package's usr/, ...; done before: does nothing
# Exit status 3 when the mirror or the package cannot be reached; 2 for wrong usage.
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: $0 SUITE PACKAGE DIR" >&2; exit 2; }
suite=$1 package=$2 target=$3
[ -e "$target/.unpacked" ] && exit 0

mirror=${BERTH_DEBIAN_MIRROR:-http://deb.debian.org/debian}
state=${TMPDIR:-/tmp}/berth-apt-$suite
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$target"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources.list"
apt=(-q -o "Dir::State::lists=$state/lists" -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=-
     -o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o Acquire::Retries=2)
exec 9>"$state/lock"
flock 9
if [ -z "$(find "$state/lists" -maxdepth 1 -name '*_Packages*' -mmin -1440)" ]; then
  timeout 180 apt-get "${apt[@]}" update >&2 || exit 3
fi
work=$(mktemp -d "$state/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && timeout 180 apt-get "${apt[@]}" download "$package" >&2) || exit 3
dpkg -x "$work"/*.deb "$target"
touch "$target/.unpacked"
