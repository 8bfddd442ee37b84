#!/usr/bin/env bash
# berthd as a process: what it refuses at start, where it listens when nobody says so, who may use its socket, SIGHUP.
. "$(dirname "$0")/lib.sh"
TRY=$WORK/try
berthd() { timeout 10 "$BERTH_BIN/berthd" --data-dir "$TRY" "$@"; }

note "what is wrong is refused at start, by name"
refused() { fails_with "$1" berthd "${@:2}"; }
check "a port range" refused "--port-range" --port-range 5
check "a port range the wrong way round" refused "--port-range" --port-range 31999-30000
check "a subnet pool" refused "--subnet-pool" --subnet-pool 10.0.0.0
check "an address" refused "--publish-address" --publish-address localhost
check "a duration" refused "--prune-delay" --prune-delay soon
check "an engine" refused "--docker-host" --docker-host ftp://engine
check "a listener" refused "--listen" --listen 127.0.0.1
check "a listener that is no loopback address" refused "0.0.0.0" --listen http://0.0.0.0:6480
check "a log level" refused "--log-level" --log-level loud
check "a directory that is not there" refused "$WORK/nowhere" --manifests "$WORK/nowhere"
check "a group that is not there" refused "--socket-group" --socket-group nosuchgroup
check "a group for a socket that only the owner reaches" refused "--socket-group" --socket-group daemon
check "an unknown flag" refused "--manifest-dir" --manifest-dir x
check "a variable" fails_with "BERTH_PORT_RANGE" env BERTH_PORT_RANGE=x timeout 10 "$BERTH_BIN/berthd" --data-dir "$TRY"
printf 'port-rangee: 30000-31999\n' >"$WORK/config.yaml"
check "an unknown key of the config file" refused "port-rangee" --config "$WORK/config.yaml"
check "a config file that is not there" refused "$WORK/none.yaml" --config "$WORK/none.yaml"

note "where it listens by itself"
run_berthd() {
  "$BERTH_BIN/berthd" --data-dir "$DATA" --manifests "$MANIFESTS" --port-range 31000-31499 --subnet-pool 10.214.0.0/16 \
    --prune-delay 300ms "$@" >>"$LOG" 2>&1 &
  BERTHD_PID=$!
}
run_berthd
find_it() { timeout 20 "$BERTH_BIN/berthctl" --data-dir "$DATA" "$@"; }
eventually 10 "berthctl finds the socket of the data directory" find_it get te
check "also by a relative path" same "$(cd "$WORK" && timeout 20 "$BERTH_BIN/berthctl" --data-dir data get te -o name)" ""
check "TCP is https://127.0.0.1:6440" same "$(curl -s --max-time 5 --cacert "$DATA/tls/ca.crt" https://127.0.0.1:6440/healthz)" ok
check "token and authority of the data directory open it" find_it --server https://127.0.0.1:6440 get te
check "the socket is guarded by its mode" same "$(stat -c %a "$DATA/berthd.sock")" 660
check "a second berthd on a busy port says which" refused "127.0.0.1:6440" --listen https://127.0.0.1:6440
check "a second one on a socket in use says which" refused "$DATA/berthd.sock" --listen "unix://$DATA/berthd.sock"
check "the first one serves on" find_it get te
check "SIGTERM ends it with status 0" stop_berthd
check "its socket is gone" test ! -e "$DATA/berthd.sock"

note "a socket for a group"
chmod 0755 "$WORK"
run_berthd --listen "unix://$WORK/berthd.sock" --socket-group daemon
eventually 10 "it serves" ctl get te
check "the socket is the group's" same "$(stat -c '%G %a' "$WORK/berthd.sock")" "daemon 660"
as() { timeout 10 setpriv --reuid nobody --regid "$1" --clear-groups curl -sf -o "$2" --unix-socket "$WORK/berthd.sock" http://localhost/api/v1/namespaces; }
check "who is in the group may use it" as daemon /dev/null
check "who is not may not" same "$(as nogroup /dev/stdout)" ""

note "SIGHUP"
syncs() { metric berth_manifest_sync_seconds_count; }
# Changed through another name, in a directory that nobody watches: only a new look at the directory finds it.
mkdir "$WORK/elsewhere"
web_environment hup web >"$WORK/elsewhere/hup.yaml"
ln "$WORK/elsewhere/hup.yaml" "$MANIFESTS/hup.yaml"
eventually 40 "Ready" phase_is ci/hup Ready
network=$(field ci/hup .status.network.id)
before=$(syncs)
sed 's/^spec:/spec:\n  ttlSeconds: 600/' "$WORK/elsewhere/hup.yaml" >"$WORK/changed"
cat "$WORK/changed" >"$WORK/elsewhere/hup.yaml"
sleep 2
check "a change that no event told of is not seen" same "$(field ci/hup .spec.ttlSeconds)" null
kill -HUP "$BERTHD_PID"
ttl_is() { same "$(field ci/hup .spec.ttlSeconds)" "$1"; }
eventually 5 "SIGHUP makes it look again" ttl_is 600
check "and that is counted" test "$(syncs)" -gt "$before"
check "the environment is the same" same "$(field ci/hup .status.network.id)" "$network"
for _ in $(seq 20); do kill -HUP "$BERTHD_PID"; done
sleep 0.5
check "many of them do no harm" phase_is ci/hup Ready

rm "$MANIFESTS"/*.yaml
eventually 30 "no environment is left" no_environment
check "SIGTERM ends it with status 0" stop_berthd
check "the engine is clean" engine_is_clean
