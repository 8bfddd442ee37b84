#!/usr/bin/env bash
# berth side by side with the engine's own floor and with docker compose, in one run, interleaved; medians and their ratios.
#   tests/bench/bench.sh [--runs 5] [--environments 10] [--hundred] [--idle 60]
# Uses the release build (bench_floor too), a private engine of its own, and `docker compose` or docker-compose of version 2 or
# later from PATH ("absent" without).
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/deploy/lib/common.sh"
BIN=$ROOT/build/release/bin
RUNS=5 COUNT=10 HUNDRED=no IDLE=60
while [ $# -gt 0 ]; do
  case $1 in
    --runs) RUNS=$2; shift 2 ;;
    --environments) COUNT=$2; shift 2 ;;
    --hundred) HUNDRED=yes; shift ;;
    --idle) IDLE=$2; shift 2 ;;
    *) die "unknown argument: $1" ;;
  esac
done
IMAGE=berth-test/busybox:1
WORK=$(mktemp -d /tmp/berth-bench.XXXXXX)
ENGINE=$WORK/engine
BERTHD=
clean_up() {
  local status=$?
  trap - EXIT
  if [ -n "$BERTHD" ] && kill -TERM "$BERTHD" 2>/dev/null; then timeout 20 tail --pid="$BERTHD" -f /dev/null || kill -KILL "$BERTHD"; fi
  "$ROOT/tests/lib/dockerd.sh" stop "$ENGINE" >/dev/null 2>&1 || true
  if [ "$status" -eq 0 ]; then rm -rf "$WORK"; else echo "logs are kept in $WORK" >&2; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
DOCKER_HOST=$("$ROOT/tests/lib/dockerd.sh" start "$ENGINE" --host-network)
export DOCKER_HOST
"$ROOT/tests/images/build.sh" >&2

compose() { docker-compose "$@"; }
HAVE_COMPOSE=no
if docker compose version >/dev/null 2>&1; then
  compose() { docker compose "$@"; }
  HAVE_COMPOSE=yes
elif docker-compose version --short 2>/dev/null | grep -qE '^v?([2-9]|[1-9][0-9])'; then
  HAVE_COMPOSE=yes
fi

now() { date +%s%N; }
seconds() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.3f", (b - a) / 1e9}'; }
median() { sort -n | awk '{v[NR] = $1} END {if (!NR) print "absent"; else print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {if (a == "absent" || b == "absent") print "absent"; else printf "%.2f", a / b}'; }

start_berthd() {
  local begin
  begin=$(now)
  "$BIN/berthd" --data-dir "$WORK/data" --manifests "$WORK/manifests" --listen "unix://$WORK/b.sock" --listen https://127.0.0.1:6490 \
    --port-range 30000-31999 --subnet-pool 10.219.0.0/16 --prune-delay 200ms --log-level debug >"$WORK/berthd.log" 2>&1 &
  BERTHD=$!
  until curl -sf -o /dev/null --unix-socket "$WORK/b.sock" http://localhost/healthz; do sleep 0.002; done
  SERVING_MS=$((($(now) - begin) / 1000000))
}
ctl() { "$BIN/berthctl" --server "unix://$WORK/b.sock" -q -n bench "$@"; }

manifest() { # NAME
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: %s, namespace: bench}\nspec:\n  services:\n' "$1"
  local k
  for k in 0 1 2; do
    printf '  - name: s%s\n    image: %s\n    command: [httpd, -f, -p, "8080", -h, /]\n    ports: [{name: http, containerPort: 8080}]\n    readinessProbe: {tcpSocket: {port: 8080}}\n' "$k" "$IMAGE"
  done
  printf '    dependsOn: [{service: s0, condition: Ready}, {service: s1, condition: Ready}]\n'
}
compose_file() {
  printf 'services:\n'
  local k
  for k in 0 1 2; do
    printf '  s%s:\n    image: %s\n    command: [httpd, -f, -p, "8080", -h, /]\n    ports: ["127.0.0.1:${P%s}:8080"]\n    healthcheck: {test: [CMD, nc, -w, "1", 127.0.0.1, "8080"], interval: 250ms, timeout: 2s, retries: 20}\n' "$k" "$IMAGE" "$k"
  done
  printf '    depends_on: {s0: {condition: service_healthy}, s1: {condition: service_healthy}}\n'
}

mkdir -p "$WORK/manifests" "$WORK/set"
names=()
for i in $(seq "$COUNT"); do
  manifest "e$i" >"$WORK/set/e$i.yaml"
  names+=("te/e$i")
done
compose_file >"$WORK/compose.yaml"

floor() { "$BIN/bench_floor" --docker-host "$DOCKER_HOST" --environments "$COUNT" --image "$IMAGE" --parallel "$1"; }
run_berth() {
  local a b c d
  a=$(now)
  ctl apply -f "$WORK/set" >/dev/null
  ctl wait "${names[@]}" --for=condition=Ready --timeout 300s >/dev/null
  b=$(now)
  c=$(now)
  ctl delete -f "$WORK/set" --timeout 300s >/dev/null
  d=$(now)
  printf '{"up":%s,"down":%s}\n' "$(seconds "$a" "$b")" "$(seconds "$c" "$d")"
}
all_of() { local pid status=0; for pid in "$@"; do wait "$pid" || status=$?; done; return "$status"; }
run_compose() {
  local a b c i pids=()
  a=$(now)
  for i in $(seq "$COUNT"); do
    P0=$((20000 + i * 3)) P1=$((20001 + i * 3)) P2=$((20002 + i * 3)) compose -p "bench-$i" -f "$WORK/compose.yaml" up -d --wait >>"$WORK/compose.log" 2>&1 &
    pids+=($!)
  done
  all_of "${pids[@]}" || { tail "$WORK/compose.log" >&2; die "compose could not bring them up"; }
  b=$(now)
  pids=()
  for i in $(seq "$COUNT"); do
    P0=1 P1=2 P2=3 compose -p "bench-$i" -f "$WORK/compose.yaml" down -t 0 -v >>"$WORK/compose.log" 2>&1 &
    pids+=($!)
  done
  all_of "${pids[@]}" || { tail "$WORK/compose.log" >&2; die "compose could not take them down"; }
  c=$(now)
  printf '{"up":%s,"down":%s}\n' "$(seconds "$a" "$b")" "$(seconds "$b" "$c")"
}

say "the floor's best concurrency"
best= best_time=
for parallel in 2 3 4 6 8; do
  result=$(floor "$parallel")
  total=$(jq '.up' <<<"$result")
  echo "parallel $parallel: $result" >&2
  if [ -z "$best" ] || awk -v a="$total" -v b="$best_time" 'BEGIN {exit !(a < b)}'; then best=$parallel best_time=$total; fi
done
start_berthd
say "$RUNS interleaved runs (floor at $best)"
for run in $(seq "$RUNS"); do
  floor "$best" | tee -a "$WORK/floor" | sed "s/^/floor   /" >&2
  run_berth | tee -a "$WORK/berth" | sed "s/^/berth   /" >&2
  [ "$HAVE_COMPOSE" = no ] || run_compose | tee -a "$WORK/compose" | sed "s/^/compose /" >&2
done
touch "$WORK/compose"
for what in up down; do
  for who in floor berth compose; do
    eval "${who}_$what=$(jq -r ".$what" "$WORK/$who" | median)"
  done
done

# action_time KIND ENVIRONMENT TARGET [AFTER_LINE]: when berthd logged the first such action, in ns; nothing when it never did.
action_time() {
  local line
  line=$(tail -n "+$((${4:-0} + 1))" "$WORK/berthd.log" | grep -m 1 -F -- "action: $1 env=bench/$2 target=$3 ") || return 0
  date -d "${line%% *}" +%s%N
}

say "from a file moved in to the first engine call"
ctl apply -f "$WORK/set/e1.yaml" >/dev/null && ctl wait te/e1 --for=condition=Ready --timeout 60s >/dev/null
ctl delete te e1 >/dev/null
: >"$WORK/first_call"
for run in $(seq "$RUNS"); do
  manifest "f$run" >"$WORK/f$run"
  moved=$(now)
  mv "$WORK/f$run" "$WORK/manifests/f$run.yaml"
  ctl_wait_for() { ctl get te "f$run" >/dev/null 2>&1; }
  wait_for 10 ctl_wait_for
  ctl wait "te/f$run" --for=condition=Ready --timeout 60s >/dev/null
  called=$(action_time CreateNetwork "f$run" network)
  [ -n "$called" ] || die "berthd's log has no CreateNetwork of f$run"
  awk -v a="$moved" -v b="$called" 'BEGIN {printf "%.1f\n", (b - a) / 1e6}' >>"$WORK/first_call"
done

say "ten environments, then nothing happens for $IDLE s"
rm -f "$WORK"/manifests/*.yaml
ctl apply -f "$WORK/set" >/dev/null
ctl wait "${names[@]}" --for=condition=Ready --timeout 300s >/dev/null
sleep 5
rss=$(awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$BERTHD/status")
ticks() { awk '{print $14 + $15}' "/proc/$BERTHD/stat"; }
before=$(ticks)
sleep "$IDLE"
idle=$(awk -v a="$before" -v b="$(ticks)" -v s="$IDLE" -v hz="$(getconf CLK_TCK)" 'BEGIN {printf "%.3f", (b - a) / hz / s * 100}')

say "from die to the first restart call"
: >"$WORK/restart"
for run in $(seq $((RUNS < COUNT ? RUNS : COUNT))); do
  container=$(ctl get te "e$run" -o json | jq -r '.status.services[] | select(.name == "s0") | .containerID')
  since=$(date +%s.%N)
  lines=$(wc -l <"$WORK/berthd.log")
  docker kill "$container" >/dev/null
  sleep 2
  died=$(docker events --since "$since" --until "$(date +%s.%N)" --filter "container=$container" --filter event=die --format '{{.TimeNano}}')
  call=$(action_time StartContainer "e$run" service/s0 "$lines")
  [ -n "$died" ] && [ -n "$call" ] || die "e$run: died at '$died', started again at '$call'"
  awk -v a="$died" -v b="$call" 'BEGIN {printf "%.1f\n", (b - a) / 1e6}' >>"$WORK/restart"
done
ctl delete -f "$WORK/set" --timeout 300s >/dev/null

hundred=
if [ "$HUNDRED" = yes ]; then
  say "a hundred environments at once"
  mkdir -p "$WORK/hundred"
  hundred_names=()
  for i in $(seq 100); do manifest "h$i" >"$WORK/hundred/h$i.yaml"; hundred_names+=("te/h$i"); done
  begin=$(now)
  ctl apply -f "$WORK/hundred" >/dev/null
  ctl wait "${hundred_names[@]}" --for=condition=Ready --timeout 1200s >/dev/null
  hundred="$(seconds "$begin" "$(now)") s up"
  begin=$(now)
  ctl delete -f "$WORK/hundred" --timeout 600s >/dev/null
  hundred+=", $(seconds "$begin" "$(now)") s down"
fi

cat <<TABLE

$COUNT environments x (1 network + 3 containers, 1 port each, one dependsOn Ready); medians of $RUNS interleaved runs
on $(nproc) cores, $(free -g | awk '/^Mem/ {print $2}') GiB, engine $(docker version --format '{{.Server.Version}}'), kernel $(uname -r | cut -d- -f1); floor at $best calls in parallel

| | floor | berth | berth / floor | compose | compose / berth |
|---|---|---|---|---|---|
| all Ready, s | $floor_up | $berth_up | $(ratio "$berth_up" "$floor_up") | $compose_up | $(ratio "$compose_up" "$berth_up") |
| all gone, s | $floor_down | $berth_down | $(ratio "$berth_down" "$floor_down") | $compose_down | $(ratio "$compose_down" "$berth_down") |

| berthd | | goal |
|---|---|---|
| file moved in to its first engine call, ms (median) | $(median <"$WORK/first_call") | < 20 |
| die to the first restart call, ms (median) | $(median <"$WORK/restart") | < 20 |
| resident with $COUNT environments, MB | $rss | < 25 |
| CPU over $IDLE s of nothing, % | $idle | <= 0.1 |
| start to serving, ms | $SERVING_MS | < 100 |
| 100 environments (400 objects) | ${hundred:-not run} | all Ready |
TABLE
