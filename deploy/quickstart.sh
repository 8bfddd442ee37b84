#!/usr/bin/env bash
# From a fresh Debian 12 to ten running environments and back: packages, build, an engine if there is none, images, berthd, ten
# environments of Postgres + Redis + a client from a watched directory, a query through each port, metrics, clean-up.
#
#   deploy/quickstart.sh           does all of it and leaves the machine as it was (packages and the build stay)
#   deploy/quickstart.sh --keep    leaves it running and prints what to try next
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/deploy/lib/common.sh"

KEEP=no
COUNT=10
for argument in "$@"; do
  case $argument in
    --keep) KEEP=yes ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument: $argument (only --keep)" ;;
  esac
done
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "needs root or sudo"
  exec sudo -E -- "$0" "$@"
fi
cd "$ROOT"

BIN=$ROOT/build/release/bin
RUN=$(mktemp -d /tmp/berth-quickstart.XXXXXX)
OWN_ENGINE=no
BERTHD_PID=
DONE=no

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$KEEP" = yes ] && [ "$DONE" = yes ]; then exit "$status"; fi
  if [ -n "$BERTHD_PID" ] && kill -0 "$BERTHD_PID" 2>/dev/null; then
    rm -f "$RUN"/manifests/*.yaml
    wait_for 60 no_environment || true
    kill -TERM "$BERTHD_PID" 2>/dev/null || true
    timeout 30 tail --pid="$BERTHD_PID" -f /dev/null || kill -KILL "$BERTHD_PID" 2>/dev/null || true
  fi
  [ "$OWN_ENGINE" = yes ] && tests/lib/dockerd.sh stop "$RUN/engine" >/dev/null 2>&1
  if [ "$status" -eq 0 ]; then rm -rf "$RUN"; else echo "logs are kept in $RUN" >&2; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ctl() { "$BIN/berthctl" --server "unix://$RUN/data/berthd.sock" -n quickstart "$@"; }
no_environment() { [ -z "$(ctl get testenvironments -o name 2>/dev/null)" ]; }

mapfile -t packages < <(packages_of deploy/lib/packages.build deploy/lib/packages.quickstart)
install_packages "${packages[@]}"

say "building berthd and berthctl"
cmake --preset release >"$RUN/configure.log" || { cat "$RUN/configure.log" >&2; die "configure failed"; }
cmake --build --preset release --target berthd berthctl | tail -n 1 >&2

engine_answers() { timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
if command -v docker >/dev/null && engine_answers; then
  say "using the Docker engine at ${DOCKER_HOST:-unix:///var/run/docker.sock}"
else
  mapfile -t packages < <(packages_of deploy/lib/packages.engine)
  install_packages "${packages[@]}"
  say "starting a private Docker engine in $RUN/engine"
  OWN_ENGINE=yes
  DOCKER_HOST=$(tests/lib/dockerd.sh start "$RUN/engine" --host-network)
  export DOCKER_HOST
fi

POSTGRES=postgres:16 REDIS=redis:7 BUSYBOX=busybox:1
if [ "$OWN_ENGINE" = no ] || timeout 10 curl -s -m 5 -o /dev/null https://registry-1.docker.io/v2/; then
  for image in $POSTGRES $REDIS $BUSYBOX; do
    docker image inspect "$image" >/dev/null 2>&1 && continue
    say "pulling $image"
    timeout 300 docker pull -q "$image" >/dev/null || { POSTGRES=; break; }
  done
else
  POSTGRES=
fi
if [ -z "$POSTGRES" ]; then
  say "no registry can be reached: building Postgres, Redis and busybox images from Debian packages"
  tests/images/build.sh
  POSTGRES=berth-test/postgres:15 REDIS=berth-test/redis:7 BUSYBOX=berth-test/busybox:1
fi

engine_state() { docker ps -aq --no-trunc | sort; docker network ls -q --no-trunc | sort; docker volume ls -q | sort; }
before=$(engine_state)

say "starting berthd"
mkdir -p "$RUN/manifests" "$RUN/data"
"$BIN/berthd" --manifests "$RUN/manifests" --data-dir "$RUN/data" --docker-host "${DOCKER_HOST:-unix:///var/run/docker.sock}" \
  --listen http://127.0.0.1:6440 --listen "unix://$RUN/data/berthd.sock" >"$RUN/berthd.log" 2>&1 &
BERTHD_PID=$!
wait_for 10 ctl get testenvironments || { tail "$RUN/berthd.log" >&2; die "berthd does not answer"; }

say "writing $COUNT manifests to $RUN/manifests"
for i in $(seq "$COUNT"); do
  sed -e "s|@NAME@|checkout-pr-$i|; s|@POSTGRES@|$POSTGRES|; s|@REDIS@|$REDIS|; s|@CLIENT@|$POSTGRES|" \
    deploy/quickstart.yaml >"$RUN/manifests/.checkout-pr-$i"
  mv "$RUN/manifests/.checkout-pr-$i" "$RUN/manifests/checkout-pr-$i.yaml"
done
begin=$(date +%s%N)
for i in $(seq "$COUNT"); do
  wait_for 30 ctl get testenvironment "checkout-pr-$i"
  ctl wait "testenvironment/checkout-pr-$i" --for=condition=Ready --timeout 240s >/dev/null
done
say "$COUNT environments are Ready after $((($(date +%s%N) - begin) / 1000000)) ms"
ctl get testenvironments >&2

say "a query through each port"
printf '%-16s %-18s %-18s %s\n' ENVIRONMENT POSTGRES REDIS ANSWERS
for i in $(seq "$COUNT"); do
  unset DEV_POSTGRES_PORT DEV_REDIS_PORT
  eval "$(ctl env "checkout-pr-$i")"
  answer=$(PGPASSWORD=test timeout 20 psql -h 127.0.0.1 -p "$DEV_POSTGRES_PORT" -U postgres -Atc "select 'postgres ' || 6 * 7")
  pong=$(timeout 20 redis-cli -p "$DEV_REDIS_PORT" ping)
  [ "$answer" = "postgres 42" ] && [ "$pong" = PONG ] || die "checkout-pr-$i answered: $answer, $pong"
  printf '%-16s %-18s %-18s %s\n' "checkout-pr-$i" "127.0.0.1:$DEV_POSTGRES_PORT" "127.0.0.1:$DEV_REDIS_PORT" "$answer, redis $pong"
done

say "metrics"
curl -s http://127.0.0.1:6440/metrics |
  grep -E '^berth_(environments|parallelism_current|parallelism_peak|ports|subnets|environment_time_to_ready_seconds_(sum|count))[ {]'

if [ "$KEEP" = yes ]; then
  DONE=yes
  cat <<NEXT

berthd runs (pid $BERTHD_PID, log $RUN/berthd.log). Try:
  export PATH=$BIN:\$PATH BERTH_SERVER=unix://$RUN/data/berthd.sock BERTH_NAMESPACE=quickstart DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
  berthctl get te -w                        # watch them
  berthctl describe te checkout-pr-1
  docker rm -f \$(docker ps -q --filter label=berth.dev/environment=checkout-pr-1)   # see it heal
  berthctl run -f deploy/quickstart.run.yaml -- sh -c 'psql -h 127.0.0.1 -p \$DEV_POSTGRES_PORT -U postgres -c "select 1"'
  rm $RUN/manifests/*.yaml                  # remove them all
  kill $BERTHD_PID$([ "$OWN_ENGINE" = yes ] && echo "; tests/lib/dockerd.sh stop $RUN/engine")
NEXT
  exit 0
fi

say "removing the manifests"
begin=$(date +%s%N)
rm "$RUN"/manifests/*.yaml
wait_for 120 no_environment || die "environments are still there after 120 s"
say "all gone after $((($(date +%s%N) - begin) / 1000000)) ms"
kill -TERM "$BERTHD_PID"
wait "$BERTHD_PID" || die "berthd ended with status $?"
BERTHD_PID=
after=$(engine_state)
[ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after") >&2; die "the engine is not as it was"; }
say "the engine is as clean as before"
DONE=yes
