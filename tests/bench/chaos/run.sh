#!/usr/bin/env bash
# The chaos run against the engine at DOCKER_HOST, in its network namespace: the whole engine and its host's network must be the same
# before and after.
#   run.sh PROGRAMS [FLAG_OF_CHAOS...]     PROGRAMS: folder of chaos; BERTH_BIN is the folder of berthd
set -euo pipefail
: "${DOCKER_HOST:?the engine}" "${BERTH_BIN:?folder of berthd}"
PROGRAMS=$1
shift
HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mktemp -d /tmp/berth-chaos-run.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
"$HERE/../../lib/host_snapshot.sh" engine >"$WORK/before"
status=0
"$PROGRAMS/chaos" --berthd "$BERTH_BIN/berthd" --engine "$DOCKER_HOST" "$@" || status=$?
# An engine that was killed starts none of its containers again.
case " $* " in *" --dockerd-dir "*) exit "$status" ;; esac
"$HERE/../../lib/host_snapshot.sh" engine >"$WORK/after"
diff "$WORK/before" "$WORK/after" || { echo "the engine is not as it was" >&2; status=1; }
exit "$status"
