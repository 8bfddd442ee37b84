# shellcheck shell=bash
# Sourced before lib.sh by a scenario that takes its engine away: the scenario runs again inside an engine of its own (ENGINE), with
# busybox from the fixture's engine. Afterwards that engine is stopped, and host and engine are compared with before.
: "${BERTH_TEST_DOCKER_HOST:?run by ctest, which starts a private engine}"
LIB=$(cd "$(dirname "$0")/../../lib" && pwd)
if [ -z "${BERTH_OWN_ENGINE:-}" ]; then
  BERTH_OWN_ENGINE=$(mktemp -d /tmp/berth-own.XXXXXX)/engine
  export BERTH_OWN_ENGINE
  # All engines of the machine have their cgroups in one place: engine.left_as_it_was compares them, when no other is at work.
  host_without_cgroups() { "$LIB/host_snapshot.sh" host "$BERTH_OWN_ENGINE" | { grep -v '^cgroup: ' || true; }; }
  # shellcheck disable=SC2329
  stop_own_engine() {
    local status=$?
    trap - EXIT
    "$LIB/dockerd.sh" stop "$BERTH_OWN_ENGINE" || status=1
    if [ "$status" -eq 0 ] && ! host_without_cgroups | diff "${BERTH_OWN_ENGINE%/engine}/host" -; then
      echo "FAILED: the engine left something on the host" >&2
      status=1
    fi
    rm -rf "${BERTH_OWN_ENGINE%/engine}"
    exit "$status"
  }
  trap stop_own_engine EXIT
  trap 'exit 130' INT TERM
  host_without_cgroups >"${BERTH_OWN_ENGINE%/engine}/host"
  own=$("$LIB/dockerd.sh" start "$BERTH_OWN_ENGINE")
  docker -H "$BERTH_TEST_DOCKER_HOST" save berth-test/busybox:1 | docker -H "$own" load >/dev/null
  BERTH_TEST_DOCKER_HOST=$own "$LIB/dockerd.sh" exec "$BERTH_OWN_ENGINE" "$0" "$@"
  exit
fi
ENGINE=$BERTH_OWN_ENGINE

kill_engine() { timeout 20 "$LIB/dockerd.sh" kill "$ENGINE"; }
resume_engine() { timeout 90 "$LIB/dockerd.sh" resume "$ENGINE" "$@" >/dev/null; }
engine_snapshot() { "$LIB/host_snapshot.sh" engine; }
