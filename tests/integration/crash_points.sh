#!/usr/bin/env bash
# Kills berthd at its first effect on the world, then at its second, and so on, until a whole scenario ends without a kill: whatever was
# half done, a berthd that is started again finishes it, and nothing is left that nobody wants.
#   crash_points.sh PROGRAMS [FIRST [STEP]]      against the simulator: every STEPth point from FIRST on; without FIRST all of them, the
#                                                odd beside the even
#   crash_points.sh PROGRAMS --sample N [SEED]   against the engine at DOCKER_HOST, in its network namespace: N points, drawn by SEED
# PROGRAMS: folder of crashing_berthd and berth_engine_simulator. BERTH_BIN is the folder of berthd.
set -euo pipefail
if [ $# -eq 1 ]; then
  "$0" "$1" 1 2 & odd=$!
  status=0
  "$0" "$1" 2 2 || status=1
  wait "$odd" || status=1
  exit "$status"
fi
: "${BERTH_BIN:?folder of berthd}"
PROGRAMS=$1
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(mktemp -d /tmp/berth-crash.XXXXXX)
BERTHD_PID='' ENGINE_PID='' NUMBER=0 INSTANCE=crash-$$
stop_all() {
  local pid
  for pid in $BERTHD_PID $ENGINE_PID; do
    kill -KILL "$pid" 2>/dev/null || true
    timeout 10 tail --pid="$pid" -f /dev/null || true
  done
  BERTHD_PID='' ENGINE_PID=''
}
finish() {
  local status=$?
  stop_all
  if [ "$status" -eq 0 ]; then rm -rf "$ROOT"; else echo "kept: $ROOT" >&2; fi
}
trap finish EXIT
fail() {
  printf 'FAILED at crash point %s (%s): %s\n' "$NUMBER" "$(sed -n "${NUMBER}p" "$WORK/trace" 2>/dev/null)" "$*" >&2
  tail -n 40 "$WORK/berthd.log" >&2
  exit 1
}

control() { curl -sf --max-time 10 --unix-socket "$WORK/control.sock" "http://engine$1" "${@:2}"; }
api() { curl -sf --max-time 10 --unix-socket "$WORK/berthd.sock" "http://berthd$1" "${@:2}"; }

# --prune-empty: a directory that is found empty at a start deletes nothing otherwise.
start_berthd() { # PROGRAM
  "$1" --data-dir "$WORK/data" --manifests "$WORK/manifests" --listen "unix://$WORK/berthd.sock" --docker-host "$DOCKER_HOST" \
    --port-range 31000-31099 --subnet-pool 10.217.0.0/20 --instance "$INSTANCE" --prune-delay 50ms --prune-empty >>"$WORK/berthd.log" 2>&1 &
  BERTHD_PID=$!
  disown  # bash would tell of each kill
}
passed_by() { wc -l <"$WORK/trace"; }
killed() { ! kill -0 "$BERTHD_PID" 2>/dev/null; }
# What waits for something starts berthd again when it finds it killed: once, and then for good.
until_true() { # SENTENCE COMMAND...
  local end=$((SECONDS + 30))
  until ! killed && "${@:2}" 2>/dev/null; do
    if killed; then
      "$AGAIN" || fail "berthd ended by itself: $1"
      [ "$(passed_by)" -eq "$NUMBER" ] || fail "berthd ended by itself before its crash point: $1"
      AGAIN=false
      start_berthd "$BERTH_BIN/berthd"
    fi
    [ "$SECONDS" -lt "$end" ] || fail "not within 30 s: $1; $(api /apis/berth.dev/v1alpha1/testenvironments | jq -c '[.items[] | [.metadata.name, .status.phase, .status.message]]'); $(engine_names)"
    sleep 0.02
  done
}

SERVE='[sh, -c, "mkdir -p /www && exec httpd -f -p 8080 -h /www"]'
put() { # NAME GREETING
  cat >"$WORK/$1.yaml" <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: $1, namespace: ci}
spec:
  services:
  - name: db
    image: $IMAGE
    command: $SERVE
    env: [{name: GREETING, value: $2}]
    ports: [{name: sql, containerPort: 5432, env: DB_PORT}]
    files: [{path: /etc/greeting, content: $2}]
YAML
  has_api "$1" && cat >>"$WORK/$1.yaml" <<YAML
  - {name: api, image: "$IMAGE", command: $SERVE, dependsOn: [{service: db}]}
YAML
  mv "$WORK/$1.yaml" "$WORK/manifests/$1.yaml"
}
same() { [ "$1" = "$2" ]; }
# What cannot be asked is nothing that is waited for.
phases() { api /readyz >/dev/null && api /apis/berth.dev/v1alpha1/testenvironments | jq -r '[.items[] | .metadata.name + "=" + .status.phase + "@" + (.metadata.generation == .status.observedGeneration | tostring)] | join(" ")' || echo unreachable; }
phases_are() { same "$(phases)" "$1"; }
engine_has() { # ENVIRONMENT...: theirs, once, and nothing else
  local name expected=''
  for name in "$@"; do expected+="$name $(has_api "$name" && echo "$name-api:running ")$name-db:running "; done
  same "$(engine_names)" "${expected% }"
}
leased() { same "$(api /readyz >/dev/null && api /metrics | awk '/^berth_(ports|subnets)\{.*state="leased"/ {sum += $NF} END {print sum + 0}' || echo unreachable)" "$1"; }

# The engine, simulated: what it has, by name without the part that is new for each environment, and what is done to it from outside.
simulated() {
  DOCKER_HOST='' IMAGE=postgres:16
  has_api() { :; }
  engine_names() { control /state | jq -r '[(.containers[] | (.name | sub("-[0-9a-f]{8}$"; "")) + ":" + .state), (.networks[].Name | sub("-[0-9a-f]{8}$"; ""))] - ["foreign:running", "foreign-net"] | sort | join(" ")'; }
  container() { control /state | jq -r --arg service "$1" '.containers[] | select(.name | startswith($service)) | .name'; }
  kill_container() { control /kill -d "{\"container\": \"$(container "$1")\", \"exitCode\": 137}" >/dev/null; }
  remove_container() { control /remove -d "{\"container\": \"$(container "$1")\"}" >/dev/null; }
  not_ours() { control /state | jq -c '[(.containers[], .networks[]) | select(.name // .Name | startswith("foreign"))], .volumes'; }
  begin_engine() {
    DOCKER_HOST=unix://$WORK/engine.sock
    "$PROGRAMS/berth_engine_simulator" --listen "$DOCKER_HOST" --control "unix://$WORK/control.sock" >"$WORK/engine.log" 2>&1 &
    ENGINE_PID=$!
    disown
    local end=$((SECONDS + 10))
    until control /state >/dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || fail "the simulator does not answer"; sleep 0.01; done
    control /foreign-network -d '{"name": "foreign-net", "subnet": "10.99.0.0/24"}' >/dev/null
    control /foreign-container -d '{"name": "foreign", "network": "foreign-net"}' >/dev/null
  }
}

# A real one: all of it is compared, and the network and the cgroups of its host.
real() {
  : "${DOCKER_HOST:?the engine}"
  IMAGE=berth-test/busybox:1
  has_api() { [ "$1" = a ]; }  # a container takes its time here
  engine_names() {
    { docker ps -a --filter "label=berth.dev/instance=$INSTANCE" --format '{{.Names}}:{{.State}}' && docker network ls --filter "label=berth.dev/instance=$INSTANCE" --format '{{.Name}}'; } |
      sed -E 's/-[0-9a-f]{8}(:|$)/\1/' | sort | paste -sd ' '
  }
  container() { docker ps -aq --filter "label=berth.dev/instance=$INSTANCE" --filter "name=^$1-"; }
  kill_container() { docker kill "$(container "$1")" >/dev/null; }
  remove_container() { docker rm -f "$(container "$1")" >/dev/null; }
  not_ours() { "$HERE/../lib/host_snapshot.sh" engine; }
  begin_engine() { :; }
}

scenario() {
  AGAIN=true
  WORK=$ROOT/$NUMBER
  mkdir -p "$WORK/manifests"
  begin_engine
  not_ours >"$WORK/before"

  for name in a b c; do put "$name" one; done
  BERTH_CRASH_AT=$NUMBER BERTH_CRASH_TRACE=$WORK/trace start_berthd "$PROGRAMS/crashing_berthd"
  until_true "three environments are Ready" phases_are "a=Ready@true b=Ready@true c=Ready@true"
  until_true "each has its objects, once" engine_has a b c
  until_true "each has its leases" leased 6

  put b two
  rm "$WORK/manifests/c.yaml"
  kill_container a-api
  remove_container a-db
  until_true "one changed, one gone, one healed" phases_are "a=Ready@true b=Ready@true"
  until_true "that is what the engine has" engine_has a b
  until_true "leases came back" leased 4

  rm "$WORK"/manifests/*.yaml
  until_true "all are gone" phases_are ""
  until_true "nothing is left" engine_has
  until_true "no lease is left" leased 0
  until_true "they stay away" phases_are ""
  until_true "and nothing came back" engine_has
  not_ours | diff "$WORK/before" - >"$WORK/difference" || { cat "$WORK/difference" >&2; fail "the engine is not as it was"; }
  stop_all
}

if [ "$2" = --sample ]; then
  real
  SEED=${4:-$RANDOM}
  NUMBER=1000000  # never comes
  scenario
  points=$(passed_by)
  killed=0
  echo "seed $SEED: $3 of $points points"
  for NUMBER in $(seq "$points" | shuf -n "$3" --random-source=<(openssl enc -aes-256-ctr -pbkdf2 -pass "pass:$SEED" -nosalt </dev/zero 2>/dev/null) | sort -n); do
    scenario
    [ "$(passed_by)" -lt "$NUMBER" ] || killed=$((killed + 1))
    rm -rf "$WORK"
  done
  echo "killed at $killed crash points, drawn with seed $SEED; the engine was as before after each"
  [ "$killed" -ge $(($3 * 9 / 10)) ] || { echo "too few of the points were reached" >&2; exit 1; }
  exit 0
fi

simulated
FIRST=$2 STEP=${3:-1}
for ((NUMBER = FIRST; ; NUMBER += STEP)); do
  scenario
  [ "$(passed_by)" -ge "$NUMBER" ] || break  # it ended before it came there
  rm -rf "$WORK"
done
echo "killed at $(((NUMBER - FIRST) / STEP)) crash points from $FIRST on, each $STEP; the scenario without a kill has $(passed_by) and ended well too"
