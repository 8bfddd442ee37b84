#!/usr/bin/env bash
# From a fresh Debian 12 to ten running environments and back: packages, build, an engine if there is none, images, berthd, ten
# environments of Postgres + Redis + a client from a watched directory, a query through each port, metrics, clean-up.
#
#   deploy/quickstart.sh           does all of it and leaves the machine as it was (packages, the build and pulled images stay)
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
SOCKET=$RUN/berthd.sock
OWN_ENGINE=no
BERTHD_PID=
DONE=no

clean_up() {
  local status=$?
  trap - EXIT
  # What is half cleaned up stays for ever: a second Ctrl-C waits for the end of this.
  trap '' INT TERM HUP
  if [ "$KEEP" = yes ] && [ "$DONE" = yes ]; then exit "$status"; fi
  if [ -n "$BERTHD_PID" ] && kill -0 "$BERTHD_PID" 2>/dev/null; then
    say "removing the environments"
    rm -f "$RUN"/manifests/*.yaml
    wait_for 60 no_environment || echo "environments are left on the engine: see $RUN/berthd.log" >&2
    kill -TERM "$BERTHD_PID" 2>/dev/null || true
    timeout 30 tail --pid="$BERTHD_PID" -f /dev/null || kill -KILL "$BERTHD_PID" 2>/dev/null || true
  fi
  if [ "$OWN_ENGINE" = yes ]; then tests/lib/dockerd.sh stop "$RUN/engine" >/dev/null 2>&1 || true; fi
  if [ "$status" -eq 0 ]; then rm -rf "$RUN"; else echo "logs are kept in $RUN" >&2; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

ctl() { "$BIN/berthctl" --server "unix://$SOCKET" -n quickstart "$@"; }
# False too when berthd does not say so.
no_environment() { local names; names=$(ctl get testenvironments -o name) && [ -z "$names" ]; }

mapfile -t packages < <(packages_of deploy/lib/packages.build deploy/lib/packages.quickstart)
install_packages "${packages[@]}"

say "building berthd and berthctl (log: $RUN/build.log)"
cmake --preset release >"$RUN/build.log" 2>&1 || { tail -n 40 "$RUN/build.log" >&2; die "configure failed: see $RUN/build.log"; }
cmake --build --preset release --target berthd berthctl >>"$RUN/build.log" 2>&1 ||
  { tail -n 40 "$RUN/build.log" >&2; die "the build failed: see $RUN/build.log"; }

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

engine_state() {
  docker ps -aq --no-trunc | sed 's/^/container /'
  docker network ls -q --no-trunc | sed 's/^/network /'
  docker volume ls -q | sed 's/^/volume /'
}
before=$(engine_state | sort)

say "starting berthd"
mkdir -p "$RUN/manifests" "$RUN/data"
flags=(--manifests "$RUN/manifests" --data-dir "$RUN/data" --docker-host "${DOCKER_HOST:-unix:///var/run/docker.sock}"
  --listen https://127.0.0.1:6440 --listen "unix://$SOCKET")
# Whoever called sudo may use what --keep leaves running.
if [ -n "${SUDO_UID:-}" ]; then
  chmod 0755 "$RUN"
  chown "$SUDO_UID:$SUDO_GID" "$RUN/manifests"
  flags+=(--socket-group "$(getent group "$SUDO_GID" | cut -d: -f1)")
fi
# A session of its own: Ctrl-C is for this script, which then still needs berthd to take the environments away.
setsid "$BIN/berthd" "${flags[@]}" >"$RUN/berthd.log" 2>&1 </dev/null &
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
curl -s --cacert "$RUN/data/tls/ca.crt" https://127.0.0.1:6440/metrics |
  grep -E '^berth_(environments|parallelism_current|parallelism_peak|ports|subnets|environment_time_to_ready_seconds_(sum|count))[ {]'

if [ "$KEEP" = yes ]; then
  DONE=yes
  sed -e "s|@POSTGRES@|$POSTGRES|" deploy/quickstart.run.yaml >"$RUN/run.yaml"
  by_root=$([ -z "${SUDO_UID:-}" ] || echo "sudo ")
  cat <<NEXT

berthd runs (pid $BERTHD_PID, log $RUN/berthd.log). Try:
  export PATH=$BIN:\$PATH BERTH_SERVER=unix://$SOCKET BERTH_NAMESPACE=quickstart DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
  berthctl get te -w                        # watch them
  berthctl describe te checkout-pr-1
  ${by_root}docker -H \$DOCKER_HOST rm -f \$(${by_root}docker -H \$DOCKER_HOST ps -q --filter label=berth.dev/environment=checkout-pr-1)   # see it heal
  berthctl run -f $RUN/run.yaml -- sh -c 'PGPASSWORD=test psql -h 127.0.0.1 -p \$DEV_POSTGRES_PORT -U postgres -c "select 1"'
  ${by_root}$BIN/berthctl --data-dir $RUN/data kubeconfig -o $RUN/kubeconfig; ${by_root}kubectl --kubeconfig $RUN/kubeconfig get te -A   # where there is a kubectl
  rm $RUN/manifests/*.yaml                  # remove them all: berthctl get shows when they are gone
  ${by_root}kill $BERTHD_PID$([ "$OWN_ENGINE" = no ] || echo "; ${by_root}$ROOT/tests/lib/dockerd.sh stop $RUN/engine")
  ${by_root}rm -rf $RUN
NEXT
  exit 0
fi

# On an engine that others use as well, theirs come and go: ours carry this instance's label, or hang on what does.
instance=$(cat "$RUN/data/instance")
labelled() { docker "$1" ls -q "${@:2}" --filter "label=berth.dev/instance=$instance"; }
volumes_of_ours=$(labelled container --all | xargs docker inspect -f '{{range .Mounts}}{{if eq .Type "volume"}}volume {{println .Name}}{{end}}{{end}}' | grep . || true)

say "removing the manifests"
begin=$(date +%s%N)
rm "$RUN"/manifests/*.yaml
wait_for 120 no_environment || die "environments are still there after 120 s"
say "all gone after $((($(date +%s%N) - begin) / 1000000)) ms"
kill -TERM "$BERTHD_PID"
wait "$BERTHD_PID" || die "berthd ended with status $?"
BERTHD_PID=
after=$(engine_state | sort)
left=$(labelled container --all; labelled network; labelled volume; grep -xF -- "${volumes_of_ours:-nothing}" <<<"$after" || true)
[ -z "$left" ] || { echo "$left" >&2; die "berth left something on the engine"; }
if [ "$OWN_ENGINE" = yes ] && [ "$before" != "$after" ]; then
  diff <(echo "$before") <(echo "$after") >&2 || true
  die "the engine is not as it was"
fi
gone=$(comm -23 <(echo "$before") <(echo "$after"))
[ -z "$gone" ] || printf 'gone meanwhile, by somebody else (berth touches only what carries its label):\n%s\n' "$gone" >&2
say "nothing of berth is left on the engine"
DONE=yes
