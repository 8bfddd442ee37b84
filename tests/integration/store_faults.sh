#!/usr/bin/env bash
# What happens to berthd's store, and to what stands on the engine: backup and restore, a damaged file, a disk that is full or may only be
# read. With the simulated engine, which tells of every call: a berthd that cannot trust its store makes none.
#   store_faults.sh PROGRAMS      folder of berth_engine_simulator
# BERTH_BIN is the folder of berthd and berthctl. What needs a file system of its own is left out, and said, where none may be mounted.
set -euo pipefail
PROGRAMS=$1
: "${BERTH_BIN:?folder of berthd and berthctl}"
unset BERTH_SERVER BERTH_TOKEN BERTH_NAMESPACE
WORK=$(mktemp -d /tmp/berth-store.XXXXXX)
DATA=$WORK/data
LOG=$WORK/berthd.log
BERTHD_PID='' ENGINE_PID='' MOUNTED=()
unmount_all() {
  local place
  for place in "${MOUNTED[@]}"; do umount -l "$place" 2>/dev/null || true; done
  MOUNTED=()
}
finish() {
  local status=$? pid
  for pid in $BERTHD_PID $ENGINE_PID; do
    kill -KILL "$pid" 2>/dev/null || true
    timeout 10 tail --pid="$pid" -f /dev/null || true
  done
  unmount_all
  if [ "$status" -eq 0 ]; then rm -rf "$WORK"; else echo "kept: $WORK" >&2; fi
}
trap finish EXIT

note() { printf -- '-- %s\n' "$*" >&2; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 40 "$LOG" >&2
  exit 1
}
check() { # SENTENCE COMMAND...
  if "${@:2}"; then note "ok: $1"; else fail "$1   [${*:2}]"; fi
}
same() { [ "$1" = "$2" ] || { printf 'got:  %s\nwant: %s\n' "$1" "$2" >&2; return 1; }; }
fails_with() { # TEXT COMMAND...: it ends with status 1 and says TEXT
  local output status=0
  output=$("${@:2}" 2>&1) || status=$?
  if [ "$status" -eq 1 ] && grep -qF -- "$1" <<<"$output"; then return 0; fi
  printf 'status %s: %s\n' "$status" "$output" >&2
  return 1
}
eventually() { # SENTENCE COMMAND...
  local end=$((SECONDS + 30))
  until "${@:2}" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { "${@:2}" || true; fail "not within 30 s: $1"; }
    sleep 0.05
  done
  note "ok: $1"
}

control() { curl -sf --max-time 10 --unix-socket "$WORK/control.sock" "http://engine$1" "${@:2}"; }
api() { curl -s --max-time 10 --unix-socket "$WORK/berthd.sock" "http://berthd$1" "${@:2}"; }
ctl() { timeout 60 "$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" "$@"; }
restore() { timeout 60 "$BERTH_BIN/berthctl" restore --data-dir "$DATA" "$@"; }
berthd() {
  timeout 20 "$BERTH_BIN/berthd" --data-dir "$DATA" --listen "unix://$WORK/berthd.sock" --docker-host "unix://$WORK/engine.sock" \
    --port-range 31000-31099 --subnet-pool 10.218.0.0/20 "$@"
}
serves() { api /healthz >/dev/null; }
start_berthd() {
  "$BERTH_BIN/berthd" --data-dir "$DATA" --listen "unix://$WORK/berthd.sock" --docker-host "unix://$WORK/engine.sock" \
    --port-range 31000-31099 --subnet-pool 10.218.0.0/20 >>"$LOG" 2>&1 &
  BERTHD_PID=$!
  disown
  eventually "berthd serves" serves
}
stop_berthd() { # SIGNAL
  kill "-$1" "$BERTHD_PID"
  timeout 20 tail --pid="$BERTHD_PID" -f /dev/null || fail "berthd does not end"
  BERTHD_PID=''
}
environment() { # NAME
  cat <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: $1, namespace: ci}
spec: {services: [{name: db, image: "db:1"}]}
YAML
}
up() { environment "$1" >"$WORK/env.yaml" && ctl apply -f "$WORK/env.yaml" --wait --timeout 30s >/dev/null; }
containers() { # NAME:STATE..., names without the part that is new for each environment
  same "$(control /state | jq -r '[.containers[] | (.name | sub("-[0-9a-f]{8}$"; "")) + ":" + .state] | sort | join(" ")')" "$1"
}
# Everything that is no question.
changes() { control /calls | jq -c '[.calls[].operation | select(test("list|inspect|info|version|ping|events|logs") | not)]'; }
calls_nothing() { same "$(control /calls | jq -c '[.calls[].operation]')" '[]'; }
revision() { api /api/v1/namespaces | jq -r .metadata.resourceVersion; }
config_map() { # NAME: the status of its creation
  jq -nc --arg name "$1" --arg text "$(printf '%02000d' 0)" \
    '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: $name}, data: {text: $text}}' |
    api "/api/v1/namespaces/ci/configmaps" -o "$WORK/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @-
}
config_maps() { api /api/v1/namespaces/ci/configmaps | jq -r '.items[].metadata.name' | sort; }
# A berthd that must not start: TEXT is what it says; nothing is asked of the engine.
refuses() { # TEXT
  control /calls -X DELETE >/dev/null
  fails_with "$1" berthd && calls_nothing
}
mount_own() { # PLACE SIZE WHAT: a file system of its own
  mkdir -p "$1"
  if mount -t tmpfs -o "size=$2,mode=0700" none "$1" 2>/dev/null; then
    MOUNTED+=("$1")
  else
    printf '!! NOT TRIED, nothing may be mounted here: %s\n' "$3" >&2
    return 1
  fi
}

"$PROGRAMS/berth_engine_simulator" --listen "unix://$WORK/engine.sock" --control "unix://$WORK/control.sock" >"$WORK/engine.log" 2>&1 &
ENGINE_PID=$!
disown
eventually "the engine answers" control /state

note "a backup of a berthd that runs"
start_berthd
check "an environment" up a
told=$(ctl backup "$WORK/backup.db")
newest="SELECT body, max(revision) FROM changes GROUP BY resource, ns, name"
objects=$(sqlite3 "$WORK/backup.db" "SELECT count(*) FROM ($newest) WHERE body NOT NULL")
at=$(sqlite3 "$WORK/backup.db" "SELECT max(revision) FROM changes")
check "it says what is in it" same "$told" "$WORK/backup.db: $objects objects at revision $at"
check "it is readable by its owner alone" same "$(stat -c %a "$WORK/backup.db")" 600
check "it is a sound database" same "$(sqlite3 "$WORK/backup.db" 'PRAGMA integrity_check')" ok
check "it replaces nothing unasked" fails_with "--force replaces it" ctl backup "$WORK/backup.db"
check "it does when it is forced" ctl backup "$WORK/backup.db" --force
check "nothing of it is left in the data directory" same \
  "$(find "$DATA" -name 'berth.db*' -printf '%f\n' | sort | xargs)" "berth.db berth.db-wal"
ctl backup - >"$WORK/streamed.db" 2>/dev/null
check "it goes to standard output" same "$(sqlite3 "$WORK/streamed.db" 'PRAGMA integrity_check')" ok
check "it is only read" same "$(api /berth/v1/backup -X POST | jq -r .code)" 405

note "restored, what came after it is not taken for an orphan"
check "another environment" up late
check "both run" containers "a-db:running late-db:running"
late=$(revision)
check "not under a berthd that runs" fails_with "(pid $BERTHD_PID) uses the data directory $DATA; stop it first" \
  restore "$WORK/backup.db" --force
stop_berthd KILL
check "not unasked" fails_with "there is a store already; --force" restore "$WORK/backup.db"
check "asked for, it is" restore "$WORK/backup.db" --force
control /calls -X DELETE >/dev/null
start_berthd
held() { grep -q "objects of environments that the store does not know are kept" "$LOG"; }
eventually "the reaper says what it keeps" held
check "nothing was changed on the engine" same "$(changes)" '[]'
check "what the store does not know is reported" grep -q late-db <<<"$(ctl reap 2>/dev/null)"
stop_berthd KILL
control /calls -X DELETE >/dev/null
start_berthd
sleep 2
check "also after another start" same "$(changes)" '[]'
watched() { api "/api/v1/namespaces?watch=1&resourceVersion=$1&timeoutSeconds=1"; }
check "who has seen what came after the backup is told to list again" same "$(watched "$late" | jq -r .object.code)" 410
check "who lists now goes on from there" same "$(watched "$(revision)")" ""
a_ready() { same "$(api /apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/a | jq -r .status.phase)" Ready; }
eventually "what is in the backup is Ready" a_ready
check "new environments come up" up new
check "reap --yes removes the others" ctl reap --yes
check "and nothing else" containers "a-db:running new-db:running"
stop_berthd TERM

note "a store that cannot be trusted"
cp -a "$DATA" "$WORK/good"
reset_data() { rm -rf "$DATA" && cp -a "$WORK/good" "$DATA"; }
head -c 4096 /dev/urandom | dd of="$DATA/berth.db" bs=4096 seek=1 conv=notrunc status=none
check "a page of garbage" refuses "$DATA/berth.db: "
check "it says what helps" refuses "the file is damaged, berthctl restore puts a backup in its place"
reset_data
head -c 2048 /dev/zero | dd of="$DATA/berth.db" bs=2048 seek=5 conv=notrunc status=none
check "half a page of zeros" refuses "$DATA/berth.db: "
reset_data
truncate -s 6000 "$DATA/berth.db"
check "a file that is cut short" refuses "berthctl restore"
reset_data
echo "no database" >"$DATA/berth.db"
check "something else" refuses "file is not a database"
reset_data
sqlite3 "$DATA/berth.db" "PRAGMA user_version = 99" >/dev/null
check "a newer version" refuses "schema version 99 is newer than version"
reset_data
sqlite3 "$DATA/berth.db" "UPDATE changes SET body = replace(body, 'db:1', 'db:2')"
check "a value that is not what was written" refuses "is not what was written"
check "a backup takes its place" restore "$WORK/backup.db" --force
start_berthd
eventually "and is worked with" a_ready
check "an environment, for the log" up walled
for i in $(seq 5); do config_map "log-$i" >/dev/null; done
stop_berthd KILL
cp -a "$DATA" "$WORK/killed"
reset_killed() { rm -rf "$DATA" && cp -a "$WORK/killed" "$DATA"; }
printf 'xxxxxxxx' | dd of="$DATA/berth.db-wal" bs=1 seek=5000 conv=notrunc status=none
check "a log that is wrong in front of what was acknowledged" refuses "$DATA/berth.db-wal: is damaged in the middle"
reset_killed
rm "$DATA/berth.db"
check "a database that is gone while its log is there" refuses "is missing or empty, but its log $DATA/berth.db-wal is there"
reset_killed
truncate -s -1000 "$DATA/berth.db-wal"
start_berthd
check "the last transaction alone is lost when the log's end is" same "$(config_maps | xargs)" "log-1 log-2 log-3 log-4"
stop_berthd TERM
reset_killed

if mount_own "$WORK/small" 4m "a full disk"; then
  note "a full disk"
  cp -a "$WORK/killed/." "$WORK/small/"
  DATA=$WORK/small
  start_berthd
  control /calls -X DELETE >/dev/null
  config_maps >"$WORK/acknowledged"
  fill_disk() { dd if=/dev/zero of="$WORK/small/filler" bs=4096 oflag=append conv=notrunc status=none 2>/dev/null || true; }
  fill_disk
  for i in $(seq 100); do
    status=$(config_map "cm-$i")
    [ "$status" = 201 ] || break
    echo "cm-$i" >>"$WORK/acknowledged"
  done
  check "a write is refused" same "$status $(jq -r .reason "$WORK/answer")" "507 DiskPressure"
  check "it says which file, and why" grep -qF "$DATA/berth.db: database or disk is full" "$WORK/answer"
  check "what was acknowledged is there, and nothing more" same "$(config_maps)" "$(sort "$WORK/acknowledged")"
  check "reads go on" a_ready
  check "readyz says it" same "$(api /readyz | grep -F '[-]')" "[-]store failed: reason withheld"
  not_ready() { same "$(api /readyz -o /dev/null -w '%{http_code}')" 503; }
  for _ in 1 2 3 4 5; do
    sleep 0.2
    check "as often as it is asked" not_ready
  done
  check "it is alive" same "$(api /livez)" ok
  check "a backup says why there is none" fails_with "full" ctl backup "$WORK/none.db"
  check "and leaves nothing" same "$(find "$DATA" "$WORK" -maxdepth 1 -name '*.copy*' -o -maxdepth 1 -name 'none.db*')" ""
  check "nothing was changed on the engine" same "$(changes)" '[]'
  rm "$DATA/filler"
  ready() { same "$(api /readyz)" ok; }
  eventually "with space it is ready by itself" ready
  check "and takes writes" same "$(config_map after)" 201
  echo after >>"$WORK/acknowledged"
  stop_berthd KILL
  fill_disk
  check "it does not start on a full disk" refuses "$DATA/"
  rm "$DATA/filler"
  start_berthd
  check "nothing that was acknowledged is lost" same "$(config_maps)" "$(sort "$WORK/acknowledged")"
  stop_berthd TERM

  note "a disk that may only be read"
  mount -o remount,ro "$WORK/small"
  check "a data directory" refuses "$DATA: cannot be closed to others: Read-only file system"
  mount -o remount,rw "$WORK/small"
  mount --bind "$DATA/berth.db" "$DATA/berth.db"
  MOUNTED=("$DATA/berth.db" "${MOUNTED[@]}")
  mount -o remount,ro,bind "$DATA/berth.db"
  check "a database" refuses "$DATA/berth.db: is read-only"
fi
echo "every fault of the store was met as it should be"
