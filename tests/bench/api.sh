#!/usr/bin/env bash
# The API under load, berthd on one core and the load on the other, all in one run: reads (plain and TLS), durable creates beside what
# SQLite itself does, watchers, ten thousand environments. No engine: nothing but the API and the store is measured.
#   tests/bench/api.sh [--seconds 5]
# Uses the release build (bench_api too) and wrk from PATH.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/deploy/lib/common.sh"
BIN=${BIN:-$ROOT/build/release/bin}
SECONDS_EACH=5
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) SECONDS_EACH=$2; shift 2 ;;
    *) die "unknown argument: $1" ;;
  esac
done
command -v wrk >/dev/null || die "wrk is missing: apt-get install wrk"
WORK=$(mktemp -d /tmp/berth-api-bench.XXXXXX)
BERTHD=
clean_up() {
  local status=$?
  trap - EXIT
  if [ -n "$BERTHD" ] && kill -TERM "$BERTHD" 2>/dev/null; then timeout 20 tail --pid="$BERTHD" -f /dev/null || kill -KILL "$BERTHD"; fi
  if [ "$status" -eq 0 ]; then rm -rf "$WORK"; else echo "logs are kept in $WORK" >&2; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
ulimit -n 65536 2>/dev/null || true

server() { taskset -c 0 "$@"; }  # in the foreground only: what a function starts behind has a shell between
load() { taskset -c 1 "$@"; }
now() { date +%s%N; }
start_berthd() {
  local begin
  begin=$(now)
  taskset -c 0 "$BIN/berthd" --data-dir "$WORK/data" --docker-host "unix://$WORK/no-engine.sock" --listen http://127.0.0.1:6470 \
    --listen https://127.0.0.1:6471 --log-level error >>"$WORK/berthd.log" 2>&1 &
  BERTHD=$!
  until curl -sf -o /dev/null --max-time 5 http://127.0.0.1:6470/readyz || curl -sf -o /dev/null --max-time 5 http://127.0.0.1:6470/healthz; do sleep 0.01; done
  START_MS=$((($(now) - begin) / 1000000))
}
stop_berthd() { kill -TERM "$BERTHD"; timeout 30 tail --pid="$BERTHD" -f /dev/null; wait "$BERTHD" 2>/dev/null || true; BERTHD=; }
api() { load "$BIN/bench_api" --port 6470 --token "$TOKEN" --namespace bench "$@"; }
requests() { # URL CONNECTIONS: requests/s and p99 of wrk
  load wrk -t1 "-c$2" "-d${SECONDS_EACH}s" --latency -H "Authorization: Bearer $TOKEN" -H 'Accept: application/json' "$1" |
    awk '/Requests\/sec/ {r = $2} / 99%/ {p = $2} /Non-2xx/ {bad = $0} END {printf "%.0f/s, p99 %s%s", r, p, bad}'
}
# Until the controllers have seen to everything that was made.
settle() {
  local end=$((SECONDS + 60))
  until curl -s --max-time 10 http://127.0.0.1:6470/metrics | awk '/^workqueue_depth/ {sum += $2} END {exit sum != 0}'; do
    [ "$SECONDS" -lt "$end" ] || die "the work queues did not become empty"
    sleep 0.2
  done
}
resident() { awk '/^VmRSS/ {printf "%.0f", $2 / 1024}' "/proc/$BERTHD/status"; }

start_berthd
TOKEN=$(cat "$WORK/data/admin.token")
ITEM=/apis/berth.dev/v1alpha1/namespaces/bench/testenvironments/load-0
api create --count 20 --clients 1 >/dev/null
say "reads"
plain=$(requests "http://127.0.0.1:6470$ITEM" 32)
tls=$(requests "https://127.0.0.1:6471$ITEM" 32)
say "watchers"
mixed=$(api mixed --watchers 200 --rate 500 --seconds "$SECONDS_EACH")
fan_out=$(api watch --watchers 1000 --rounds 20)
say "durable creates"
creates=$(api create --count 5000 --clients 64 --prefix many)
settle
one=$(api create --count 500 --clients 1 --prefix single)
say "ten thousand environments"
api create --count 4480 --clients 64 --prefix more >/dev/null
settle
total=$(curl -s --max-time 60 -H "Authorization: Bearer $TOKEN" http://127.0.0.1:6470/apis/berth.dev/v1alpha1/testenvironments | jq '.items | length')
list=$(for _ in 1 2 3 4 5; do load curl -s -o /dev/null -w '%{time_total}\n' --max-time 60 -H "Authorization: Bearer $TOKEN" http://127.0.0.1:6470/apis/berth.dev/v1alpha1/testenvironments -A bench; done | sort -n | sed -n 3p)
rss=$(resident)
stop_berthd
cp "$WORK/data/berth.db" "$WORK/rows.db"
store=$(server "$BIN/bench_store" --rows "$WORK/rows.db" --dir "$WORK")
start_berthd
again=$START_MS

cat <<TABLE

on $(nproc) cores, $(free -g | awk '/^Mem/ {print $2}') GiB, kernel $(uname -r | cut -d- -f1), berthd on one core, the load on the other; no engine

| API | | goal |
|---|---|---|
| GET of one object, plain, 32 connections | $plain | >= 20,000/s |
| GET of one object, TLS, 32 connections | $tls | >= 12,000/s |
| GET while 200 watchers get 500 changes/s | $mixed | p99 < 2 ms |
| a change to 1,000 watchers | $fan_out | < 50 ms |
| durable creates, 64 clients | $creates | >= 3,000/s |
| durable creates, 1 client | $one | |
| the store with 64 clients beside SQLite itself, the same rows, 64 to a transaction | $store | ratio >= 0.6 |
| list of $total environments, s | $list | < 0.150 |
| resident with them, MB | $rss | < 250 |
| start with them, ms | $again | < 2000 |
TABLE
