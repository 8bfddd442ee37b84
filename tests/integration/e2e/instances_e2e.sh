#!/usr/bin/env bash
# Several berthd: two instances share one engine, its ports and its subnets without disturbing each other; a second one with the data
# directory or the instance name of the first is refused, and says whose it is.
. "$(dirname "$0")/lib.sh"

second_berthd() { # data directory, flags: serves at second.sock
  local data=$1
  shift
  "$BERTH_BIN/berthd" --data-dir "$data" --manifests "$WORK/manifests2" --listen "unix://$WORK/second.sock" --port-range 31000-31499 \
    --subnet-pool 10.214.0.0/16 --prune-delay 300ms --log-level debug "$@" >>"$WORK/second.log" 2>&1 &
  SECOND=$!
}
SECOND=
clean_up_more() { kill -KILL "$SECOND" 2>/dev/null; }
of_second() { curl -s --max-time 30 --unix-socket "$WORK/second.sock" "http://localhost$1"; }
second_ready() { same "$(of_second /apis/berth.dev/v1alpha1/testenvironments | jq '[.items[] | select(.status.phase == "Ready")] | length')" "$1"; }
# What an instance has on the engine, by inspect.
picture() {
  docker ps -aq --no-trunc --filter "label=berth.dev/instance=$1" | sort | xargs docker inspect | jq -S 'map(del(.State.Health))'
  docker network ls -q --no-trunc --filter "label=berth.dev/instance=$1" | sort | xargs docker network inspect | jq -S .
}
nothing_of() { [ -z "$(docker ps -aq --filter "label=berth.dev/instance=$1")$(docker network ls -q --filter "label=berth.dev/instance=$1")" ]; }

note "two instances with the same names, ports and subnets"
mkdir "$WORK/manifests2"
for i in 1 2 3; do
  web_environment "shared-$i" web peer >"$MANIFESTS/shared-$i.yaml"
  cp "$MANIFESTS/shared-$i.yaml" "$WORK/manifests2/"
done
start_berthd --instance one
second_berthd "$WORK/data2" --instance two
eventually 90 "those of the first are Ready" phases_are Ready 3
eventually 60 "those of the second too" second_ready 3
ports() { { api GET /apis/berth.dev/v1alpha1/testenvironments; of_second /apis/berth.dev/v1alpha1/testenvironments; } | jq -r '.items[].status.endpoints[]'; }
check "no port was given twice" same "$(ports | sort -u | wc -l)" 12
works() { for address in $(ports); do curl -sf --max-time 2 "http://$address/" >/dev/null || return 1; done; }
check "every service of both answers" works
of_one=$(picture one)
of_two=$(picture two)

note "a second one on the data directory"
refused() { fails_with "$1" timeout 20 "$BERTH_BIN/berthd" --manifests "$MANIFESTS" --port-range 31000-31499 --subnet-pool 10.214.0.0/16 "${@:2}"; }
check "is refused with the pid of the first" refused "$BERTHD_PID" --data-dir "$DATA" --listen "unix://$WORK/third.sock"
check "also as another instance" refused "$BERTHD_PID" --data-dir "$DATA" --listen "unix://$WORK/third.sock" --instance three

note "a second one of the instance name"
check "is refused with the pid of the first" refused "$BERTHD_PID" --data-dir "$WORK/data3" --listen "unix://$WORK/third.sock" --instance one
check "and with that of the other, for which its data directory is free still" \
  refused "$SECOND" --data-dir "$WORK/data3" --listen "unix://$WORK/third.sock" --instance two
check "nothing of the first changed" same "$(picture one)" "$of_one"
check "nothing of the second" same "$(picture two)" "$of_two"

note "one that was killed leaves its places"
kill_berthd
check "the second does not touch what the first left" same "$(picture one)" "$of_one"
start_berthd --instance one
eventually 20 "it goes on with what it has" phases_are Ready 3
sleep 1
check "which it did not touch" same "$(picture one)" "$of_one"

note "the first takes all of its own away, the second nothing"
rm "$MANIFESTS"/*.yaml
eventually 60 "no environment of the first is left" no_environment
eventually 10 "nor anything on the engine" nothing_of one
check "those of the second are as they were" same "$(picture two)" "$of_two"
check "nobody reaps them" same "$(ctl reap -o json | jq '.orphans | length')" 0
rm "$WORK/manifests2"/*.yaml
eventually 60 "the second's go too" nothing_of two
kill -TERM "$SECOND"
timeout 20 tail --pid="$SECOND" -f /dev/null
check "the engine is clean" engine_is_clean
