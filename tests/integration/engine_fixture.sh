#!/usr/bin/env bash
# engine_fixture.sh start DIR: a private engine with the test images and some objects that are not berth's, and a picture of
#                              engine and host.
# engine_fixture.sh stop DIR: fails if the engine differs from that picture; stops it, and fails if the host differs from before.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
LIB=$ROOT/tests/lib
DIR=$(realpath -m -- "$2")
HOST_BEFORE=$DIR.host.before
export DOCKER_HOST=unix://$DIR/docker.sock
engine_snapshot() { "$LIB/dockerd.sh" exec "$DIR" "$LIB/host_snapshot.sh" engine; }

# What somebody else has on the same engine: berth must leave it exactly as it is.
make_foreign_objects() {
  docker network create foreign --subnet 10.199.0.0/28 >/dev/null
  docker volume create foreign >/dev/null
  docker run -d --name foreign --network foreign -v foreign:/named -v /anonymous --label keep=me \
    berth-test/busybox:1 sleep 2147483647 >/dev/null
  docker create --name foreign-stopped --network foreign -v /anonymous berth-test/busybox:1 true >/dev/null
}

case $1 in
  start)
    "$LIB/dockerd.sh" stop "$DIR" >/dev/null 2>&1 || true
    "$LIB/host_snapshot.sh" host "$DIR" >"$HOST_BEFORE"
    "$LIB/dockerd.sh" start "$DIR" >/dev/null
    "$ROOT/tests/images/build.sh"
    make_foreign_objects
    engine_snapshot >"$DIR/state.before"
    ;;
  stop)
    status=0
    engine_snapshot >"$DIR/state.after" || status=$?
    diff -u "$DIR/state.before" "$DIR/state.after" || status=$?
    "$LIB/dockerd.sh" stop "$DIR" || status=$?
    "$LIB/host_snapshot.sh" host "$DIR" | diff -u "$HOST_BEFORE" - || status=$?
    rm -f "$HOST_BEFORE"
    exit "$status"
    ;;
  *) echo "usage: $0 start|stop DIR" >&2; exit 2 ;;
esac
