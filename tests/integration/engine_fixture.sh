#!/usr/bin/env bash
# engine_fixture.sh start DIR: a private engine with the test images, and a picture of engine and host.
# engine_fixture.sh stop DIR: fails if engine or host differ from that picture; stops the engine.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
LIB=$ROOT/tests/lib
DIR=$2
snapshot() { "$LIB/dockerd.sh" exec "$DIR" "$LIB/host_snapshot.sh"; }

case $1 in
  start)
    "$LIB/dockerd.sh" stop "$DIR" >/dev/null 2>&1 || true
    DOCKER_HOST=$("$LIB/dockerd.sh" start "$DIR")
    export DOCKER_HOST
    "$ROOT/tests/images/build.sh"
    snapshot >"$DIR/state.before"
    ;;
  stop)
    export DOCKER_HOST=unix://$DIR/docker.sock
    status=0
    snapshot >"$DIR/state.after" || status=$?
    diff -u "$DIR/state.before" "$DIR/state.after" || status=$?
    "$LIB/dockerd.sh" stop "$DIR" || status=$?
    exit "$status"
    ;;
  *) echo "usage: $0 start|stop DIR" >&2; exit 2 ;;
esac
