#!/usr/bin/env bash
# dockerd is killed and comes back while environments come up, run and go, without and with live-restore, and its socket vanishes.
. "$(dirname "$0")/own_engine.sh"
. "$(dirname "$0")/lib.sh"

# Ends at once when the engine stops what survived it; its dependent comes up 2 s later.
slow_environment() {
  web_environment "$1"
  cat <<YAML
  - name: db
    image: $BUSYBOX
    command: [sh, -c, "trap 'exit 0' TERM; sleep 2; httpd -p 8080 -h /etc; while :; do sleep 0.1; done"]
    ports: [{name: http, containerPort: 8080, env: DB_PORT}]
    readinessProbe: {tcpSocket: {port: http}}
  - name: web
    image: $BUSYBOX
    command: [sh, -c, "trap 'exit 0' TERM; mkdir -p /www; echo web > /www/index.html; httpd -p 8080 -h /www; while :; do sleep 0.1; done"]
    dependsOn: [{service: db, condition: Ready}]
    ports: [{name: http, containerPort: 8080, env: WEB_PORT}]
    readinessProbe: {tcpSocket: {port: http}}
YAML
}
answers() { same "$(curl -s --max-time 2 "http://$(field "ci/$1" '.status.endpoints["web.http"]')/")" web; }
ports() { for name in "$@"; do field "ci/$name" '.status.env | tojson'; done; }
lives() { for name in "$@"; do docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Pid}}' "$(container_of "$name" db)" "$(container_of "$name" web)"; done; }
# One network and two containers of each environment, all of them running.
nothing_doubled() { # environments
  same "$(ours networks | wc -l) $(ours containers | wc -l) $(docker ps -q --filter label=berth.dev/instance | wc -l)" "$1 $(($1 * 2)) $(($1 * 2))"
}
engine_is_away() { same "$(metric berth_engine_up)" 0; }
engine_is_back() { same "$(metric berth_engine_up)" 1; }

# Every object by inspect, without the default network, which the engine makes anew.
picture() { engine_snapshot | grep -E '^(container|network|volume|image): ' | grep -vE '^network: [0-9a-f]+ bridge '; }
ports_are_free() { ! ss -Hltn | awk '{print $4}' | grep -E ':31[0-4][0-9]{2}$'; }
# No process of a service lives on. What a killed engine was starting does (a `runc init`, or the program, if it went on before the next
# engine asked it to stop): the engine shows it as created, and no call ends it. So what counts is what an engine has said to run.
watch_starts() {
  while :; do docker events --filter event=start --format '{{.ID}}' >>"$WORK/started" 2>/dev/null || sleep 0.05; done
}
no_service_runs() {
  local shim id processes
  for shim in $(grep -laF -- "$ENGINE/exec/containerd/containerd.sock" /proc/[0-9]*/cmdline 2>/dev/null | grep -oE '[0-9]+'); do
    id=$(tr '\0' '\n' 2>/dev/null <"/proc/$shim/cmdline" | grep -A1 -xe -id | tail -1)
    [ -n "$id" ] && grep -qxF "$id" "$WORK/started" || continue
    processes=$(ps -o pid=,args= --ppid "$shim")
    [ -z "$processes" ] || { echo "of container $id: $processes"; return 1; }
  done
}
bridges() { ip -brief link show type bridge | grep -c '^br-' || true; }

# What is not berth's.
docker network create foreign --subnet 10.199.0.0/28 --gateway 10.199.0.1 >/dev/null
docker create --name foreign-stopped --network foreign "$BUSYBOX" true >/dev/null
picture >"$WORK/before"
bridges_before=$(bridges)
watch_starts &
KILLS=0
kill_it() {
  kill_engine
  KILLS=$((KILLS + 1))
}
start_berthd

note "without live-restore: one runs, one comes up, one goes"
for name in runs goes; do slow_environment "$name" | put "$name.yaml"; done
eventually 60 "two are Ready" phases_are Ready 2
a_service_runs() { ! no_service_runs >/dev/null; }
check "what an engine says to run is seen" a_service_runs
before=$(ports runs)
slow_environment comes | put comes.yaml
comes_up() { test "$(field ci/comes .status.phase)" = Provisioning && test -n "$(container_of comes db)"; }
eventually 20 "one comes up" comes_up
rm "$MANIFESTS/goes.yaml"
going() { phase_is ci/goes Terminating || gone ci/goes; }
eventually 10 "one goes" going
kill_it
eventually 5 "berthd sees that the engine is away" engine_is_away
slow_environment later | put later.yaml
told() { same "$(field ci/later .status.reason)" EngineUnavailable; }
eventually 20 "a new environment says what it waits for" told
resume_engine
eventually 90 "all that are wanted are Ready" phases_are Ready 3
eventually 30 "what was going is gone" gone ci/goes
check "nothing is doubled" nothing_doubled 3
check "ports are as before" same "$(ports runs)" "$before"
for name in runs comes later; do check "$name answers" answers "$name"; done
restart_count() { same "$(field ci/runs '[.status.services[].restartCount] | tojson')" "[1,1]"; }
check "each service was restarted once" restart_count

note "with live-restore: nothing that runs is touched"
kill_it
resume_engine -- --live-restore
eventually 90 "all are Ready again" phases_are Ready 3
before=$(ports runs comes later)
lives_before=$(lives runs comes later)
slow_environment comes2 | put comes2.yaml
comes2_up() { test -n "$(container_of comes2 db)"; }
eventually 20 "another comes up" comes2_up
kill_it
eventually 5 "berthd sees that the engine is away" engine_is_away
sleep 1
resume_engine
eventually 10 "the engine is back" engine_is_back
eventually 60 "all are Ready" phases_are Ready 4
check "what ran was not touched" same "$(lives runs comes later)" "$lives_before"
check "ports are as before" same "$(ports runs comes later)" "$before"
check "nothing is doubled" nothing_doubled 4
for name in runs comes later comes2; do check "$name answers" answers "$name"; done

note "killed again and again while environments come and go"
lives_before=$(lives runs)
for round in 1 2 3 4; do
  slow_environment "round-$round" | put "round-$round.yaml"
  if [ "$round" -gt 1 ]; then rm "$MANIFESTS/round-$((round - 1)).yaml"; fi
  sleep "0.$((RANDOM % 9))"
  kill_it
  sleep "0.$((RANDOM % 9))"
  resume_engine
done
eventually 60 "the last is Ready" phase_is ci/round-4 Ready
eventually 60 "those before are gone" phases_are Ready 5
check "what ran was not touched" same "$(lives runs)" "$lives_before"
eventually 10 "nothing is doubled" nothing_doubled 5

note "the socket vanishes"
mv "$ENGINE/docker.sock" "$ENGINE/elsewhere"
slow_environment unseen | put unseen.yaml
rm "$MANIFESTS/round-4.yaml"
sleep 3
check "nothing was lost meanwhile" phase_is ci/runs Ready
mv "$ENGINE/elsewhere" "$ENGINE/docker.sock"
eventually 60 "what was asked for meanwhile is Ready" phase_is ci/unseen Ready
eventually 30 "what was deleted meanwhile is gone" gone ci/round-4
check "what ran was not touched" same "$(lives runs)" "$lives_before"

note "it dies when everything goes"
rm "$MANIFESTS"/*.yaml
sleep 0.7
kill_it
resume_engine
eventually 90 "no environment is left" no_environment
eventually 20 "the engine is clean" engine_is_clean
same_engine() { picture | diff "$WORK/before" -; }
check "and as it was before, with what is foreign" same_engine
check "no leased port is held" ports_are_free
eventually 10 "no process of a service lives on" no_service_runs
# The engine makes and removes one network at a time.
check "each death of the engine left one bridge at most" test "$(($(bridges) - bridges_before))" -le "$KILLS"
