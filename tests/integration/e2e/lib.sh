# Shared by the end-to-end scenarios: a real berthd against the real private engine. Source it.
# Needs BERTH_BIN (folder of berthd and berthctl) and BERTH_TEST_DOCKER_HOST (the private engine, with the test images).
set -euo pipefail

: "${BERTH_BIN:?folder of berthd and berthctl}"
: "${BERTH_TEST_DOCKER_HOST:?run by ctest, which starts a private engine}"
export DOCKER_HOST=$BERTH_TEST_DOCKER_HOST
unset BERTH_SERVER BERTH_TOKEN BERTH_NAMESPACE

BUSYBOX=berth-test/busybox:1
REDIS=berth-test/redis:7
POSTGRES=berth-test/postgres:15
WORK=$(mktemp -d /tmp/berth-e2e.XXXXXX)
MANIFESTS=$WORK/manifests
DATA=$WORK/data
LOG=$WORK/berthd.log
BERTHD_PID=
FLAGS=()
mkdir -p "$MANIFESTS" "$WORK/staging"
VOLUMES_BEFORE=$(docker volume ls -q | sort)

note() { printf -- '-- %s\n' "$*" >&2; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ -e "$LOG" ] && { echo "--- berthd's last log lines"; tail -n 60 "$LOG"; } >&2
  exit 1
}

# check "sentence that can be false" COMMAND...
check() {
  local sentence=$1
  shift
  if "$@"; then note "ok: $sentence"; else fail "$sentence   [$*]"; fi
}
# fails_with TEXT COMMAND...: it ends with another status than 0, and says TEXT.
fails_with() {
  local text=$1 output status=0
  shift
  output=$("$@" 2>&1) || status=$?
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -qF -- "$text" <<<"$output" || { printf 'status %s: %s\n' "$status" "$output" >&2; return 1; }
}
same() { [ "$1" = "$2" ] || { printf 'got:  %s\nwant: %s\n' "$1" "$2" >&2; return 1; }; }
# eventually SECONDS "sentence" COMMAND...
eventually() {
  local limit=$1 sentence=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { "$@" || true; fail "not within $limit s: $sentence   [$*]"; }
    sleep 0.05
  done
  note "ok: $sentence"
}

start_berthd() {
  "$BERTH_BIN/berthd" --data-dir "$DATA" --manifests "$MANIFESTS" --listen "http://127.0.0.1:${API_PORT:-6480}" \
    --listen "unix://$WORK/berthd.sock" --port-range "${PORT_RANGE:-31000-31499}" --subnet-pool "${SUBNET_POOL:-10.214.0.0/16}" \
    --prune-delay 300ms --log-level debug "${FLAGS[@]}" "$@" >>"$LOG" 2>&1 &
  BERTHD_PID=$!
  eventually 10 "berthd serves" curl -sf --unix-socket "$WORK/berthd.sock" http://localhost/healthz
}
stop_berthd() {
  [ -n "$BERTHD_PID" ] || return 0
  kill -TERM "$BERTHD_PID" 2>/dev/null || true
  local status=0
  timeout 30 tail --pid="$BERTHD_PID" -f /dev/null || fail "berthd did not stop within 30 s of SIGTERM"
  wait "$BERTHD_PID" || status=$?
  BERTHD_PID=
  return "$status"
}
kill_berthd() {
  kill -KILL "$BERTHD_PID"
  wait "$BERTHD_PID" 2>/dev/null || true
  BERTHD_PID=
}

ctl() { timeout "${CTL_TIMEOUT:-120}" "$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" "$@"; }
api() { # METHOD PATH [curl arguments]
  local method=$1 path=$2
  shift 2
  curl -s --max-time 30 --unix-socket "$WORK/berthd.sock" -X "$method" "http://localhost$path" "$@"
}
ENVS=/apis/berth.dev/v1alpha1/namespaces
field() { # NS/NAME JQ
  api GET "$ENVS/${1%%/*}/testenvironments/${1##*/}" | jq -r "$2"
}
phase_is() { same "$(field "$1" .status.phase)" "$2"; }
gone() { same "$(api GET "$ENVS/${1%%/*}/testenvironments/${1##*/}" | jq -r .code)" 404; }
count_phase() { api GET /apis/berth.dev/v1alpha1/testenvironments | jq "[.items[] | select(.status.phase == \"$1\")] | length"; }
phases_are() { same "$(count_phase "$1")" "$2"; }
no_environment() { same "$(api GET /apis/berth.dev/v1alpha1/testenvironments | jq ".items | length")" 0; }
metric() { api GET /metrics | awk -v s="$1" 'index($0, s) == 1 && ($1 == s || substr($0, length(s) + 1, 1) ~ /[ {]/) {sum += $NF; n++} END {if (n) print sum; else print "absent"}'; }

# put NAME: the manifest on standard input appears in the watched directory at once (moved in).
put() {
  cat >"$WORK/staging/$1"
  mv "$WORK/staging/$1" "$MANIFESTS/$1"
}

ours() { # kind: everything on the engine that any berth made
  case $1 in
    containers) docker ps -aq --filter label=berth.dev/instance ;;
    networks) docker network ls -q --filter label=berth.dev/instance ;;
    volumes) docker volume ls -q ;;
  esac
}
engine_is_clean() { [ -z "$(ours containers)$(ours networks)" ]; }
container_of() { docker ps -aq --no-trunc --filter "label=berth.dev/environment=$1" --filter "label=berth.dev/service=$2"; }

# A scenario that makes more than berth does says here how it goes away.
clean_up_more() { :; }

# Prints what is left on the engine, and takes it away so that the next scenario does not suffer from it.
take_leftovers_away() {
  local container network volume
  for container in $(ours containers); do docker ps -a --filter "id=$container" --format 'container {{.Names}} {{.Labels}}'; docker rm -fv "$container" >/dev/null; done
  for network in $(ours networks); do docker network ls --filter "id=$network" --format 'network {{.Name}} {{.Labels}}'; docker network rm "$network" >/dev/null; done
  for volume in $(comm -13 <(echo "$VOLUMES_BEFORE") <(docker volume ls -q | sort)); do echo "volume $volume"; docker volume rm "$volume" >/dev/null; done
}

finish() {
  local status=$? left
  trap - EXIT
  clean_up_more || true
  # What still runs in the background, except berthd itself.
  jobs -p | grep -vxF "${BERTHD_PID:-none}" | xargs -r kill 2>/dev/null || true
  if [ -n "$BERTHD_PID" ]; then
    kill -KILL "$BERTHD_PID" 2>/dev/null || true
    wait "$BERTHD_PID" 2>/dev/null || true
  fi
  left=$(take_leftovers_away 2>&1) || true
  if [ -n "$left" ]; then
    printf -- '--- left on the engine at the end of the scenario:\n%s\n' "$left" >&2
    if [ "$status" -eq 0 ]; then echo "FAILED: the scenario left something on the engine" >&2; status=1; fi
  fi
  if [ "$status" -eq 0 ]; then rm -rf "$WORK"; else printf 'kept: %s\n' "$WORK" >&2; fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A small service that answers HTTP on 8080 with its own name.
web_service() { # NAME [EXTRA YAML LINES, indented by 4]
  cat <<YAML
  - name: $1
    image: $BUSYBOX
    command: [sh, -c, "mkdir -p /www && echo $1 > /www/index.html && exec httpd -f -p 8080 -h /www"]
    ports: [{name: http, containerPort: 8080, env: ${1^^}_PORT}]
    readinessProbe: {tcpSocket: {port: http}}
YAML
  [ -z "${2:-}" ] || printf '%s\n' "$2"
}
web_environment() { # NAME SERVICE...
  local name=$1 service
  shift
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: %s, namespace: ci}\nspec:\n  services:\n' "$name"
  for service in "$@"; do web_service "$service"; done
}
