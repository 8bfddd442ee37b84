#!/usr/bin/env bash
# What others do to an environment and beside it: containers renamed, paused and killed in a loop, ports and subnets taken while nobody
# looks, foreign networks that overlap, foreign containers that joined. The environment heals; what is not berth's stays as it is.
. "$(dirname "$0")/lib.sh"

clean_up_more() {
  kill "${thief:-}" "${watcher:-}" "${killer:-}" 2>/dev/null
  docker rm -fv guest squatter >/dev/null 2>&1
  docker network rm overlap taken home >/dev/null 2>&1
}
# What is not berth's, by inspect, without what changes by itself.
foreign() {
  docker network inspect "$@" | jq -S 'map(del(.Containers))'
  docker inspect guest | jq -S 'map({Id, Name, Config, HostConfig, State, Networks: .NetworkSettings.Networks})'
}
events() { api GET /api/v1/namespaces/ci/events | jq "[.items[] | select(.reason == \"$1\" and .involvedObject.name == \"$2\")] | length"; }
told() { test "$(events "$1" "$2")" -ge 1; }
service() { field "ci/$1" ".status.services[] | select(.name == \"$2\") | $3"; }
url() { echo "http://$(field "ci/$1" ".status.endpoints[\"$2.http\"]")/"; }
answers() { same "$(curl -s --max-time 2 "$(url "$1" "$2")")" "$2"; }

docker network create overlap --subnet 10.214.0.0/26 >/dev/null
docker network create home --subnet 10.198.0.0/28 >/dev/null
docker run -d --name guest --network home "$BUSYBOX" sleep 2147483647 >/dev/null
foreign_before=$(foreign overlap home)
start_berthd

web_environment a web peer | put a.yaml
web_environment port web | put port.yaml
web_environment moved web | put moved.yaml
web_environment subnet web | put subnet.yaml
put loop.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: loop, namespace: ci}
spec:
  services: [{name: job, image: $BUSYBOX, command: [sleep, "2147483647"]}]
YAML
# It asks for the port of its peer: it must be made anew when that moves.
{ web_service asks | sed "s/^    ports:.*/    env: [{name: PEER, value: \"\$(WEB_PORT)\"}]/; /readinessProbe/d"; } >>"$WORK/asks"
{ cat "$MANIFESTS/moved.yaml" "$WORK/asks"; } | put moved.yaml
eventually 90 "all Ready" phases_are Ready 5
check "none in the subnet of a network that was there before" test "$(field ci/a .status.network.subnet)" != 10.214.0.0/27

note "killed in a loop (goes on beside the rest)"
job=$(container_of loop job)
docker events --filter "container=$job" --filter event=start --filter event=die --format '{{.Action}} {{.TimeNano}}' >"$WORK/loop.events" &
watcher=$!
docker kill "$job" >/dev/null
( while sleep 0.2; do docker kill "$job" >/dev/null 2>&1 || true; done ) &
killer=$!

note "renamed"
web=$(container_of a web)
before=$(docker inspect -f '{{.State.StartedAt}}' "$web")
docker rename "$web" elsewhere
name_is() { same "$(service a web .containerName)" "$1"; }
eventually 5 "the status tells its new name" name_is elsewhere
check "it is Ready still" phase_is ci/a Ready
check "it is the same container, and was not restarted" same "$(docker inspect -f '{{.State.StartedAt}}' "$(container_of a web)")" "$before"
name="a-web-$(field ci/a .metadata.uid | cut -c1-8)"
docker create --name squatter "$BUSYBOX" true >/dev/null
docker rename squatter "$name"
docker rm -f "$web" >/dev/null
conflict() { same "$(service a web .reason)" NameConflict; }
eventually 10 "a foreign container that has its name is in the way, and that is told" conflict
check "it is left alone" same "$(docker inspect -f "{{.State.Status}}" "$name")" created
docker rename "$name" squatter
eventually 30 "with the name free it is made" phase_is ci/a Ready

note "paused"
docker pause "$(container_of a peer)" >/dev/null
not_paused() { same "$(docker inspect -f '{{.State.Status}}' "$(container_of a peer)")" running; }
eventually 10 "a paused container does not stay" not_paused
eventually 20 "Ready again" phase_is ci/a Ready
check "it answers at its port" answers a peer

note "ports and a subnet are taken while nobody looks"
leased=$(field ci/port .status.env.WEB_PORT)
lost=$(field ci/moved .status.env.WEB_PORT)
asking=$(container_of moved asks)
subnet=$(field ci/subnet .status.network.subnet)
network=$(field ci/subnet .status.network.id)
kill -STOP "$BERTHD_PID"
docker kill "$(container_of port web)" "$(container_of moved web)" >/dev/null
docker rm -f "$(container_of subnet web)" >/dev/null
docker network rm "$network" >/dev/null
docker network create taken --subnet "$subnet" >/dev/null
taken_before=$(docker network inspect taken)
busybox httpd -f -p "127.0.0.1:$leased" &
passing=$!
busybox httpd -f -p "127.0.0.1:$lost" &
thief=$!
kill -CONT "$BERTHD_PID"
port_conflict() { same "$(service port web .reason)" PortConflict; }
eventually 15 "the port is told to be taken" port_conflict
sleep 3
kill "$passing"
eventually 30 "a port that comes free again is kept" phase_is ci/port Ready
check "it is the port from before" same "$(field ci/port .status.env.WEB_PORT)" "$leased"
check "it answers there" answers port web
eventually 30 "another subnet is taken" phase_is ci/subnet Ready
check "it is another one" test "$(field ci/subnet .status.network.subnet)" != "$subnet"
check "that is told" told SubnetConflict subnet

note "a foreign container joins"
docker network connect --alias guest "$(field ci/a .status.network.id)" guest
check "it reaches the services" docker exec guest nc -w 1 peer 8080
rm "$MANIFESTS/a.yaml"
eventually 30 "the environment goes all the same" gone ci/a
check "the foreign container runs, has lost that network, and is the same otherwise" same "$(foreign overlap home)" "$foreign_before"
check "that is told" told ForeignDisconnected a

note "what took longer"
moved() { test "$(field ci/moved .status.env.WEB_PORT)" != "$lost" && phase_is ci/moved Ready; }
eventually 45 "a port that does not come free is given up" moved
check "it answers at its new port" answers moved web
check "the process that has the old one was not disturbed" kill -0 "$thief"
check "who names the port was made anew" test "$(container_of moved asks)" != "$asking"
check "with the new port" same "$(docker exec "$(container_of moved asks)" sh -c 'echo $PEER')" "$(field ci/moved .status.env.WEB_PORT)"
moved_told() { api GET /api/v1/namespaces/ci/events | jq -e "[.items[] | select(.involvedObject.name == \"moved\" and (.message | contains(\"moved to port\")))] | length > 0"; }
check "that is told" moved_told

restarts() { test "$(service loop job .restartCount)" -ge "$1"; }
eventually 40 "three restarts of what is killed again and again" restarts 3
pod() { api GET /api/v1/namespaces/ci/pods | jq -r "[.items[].status.containerStatuses[]? | select(.name == \"job\")][0] | $1"; }
pod_waits() { same "$(pod .state.waiting.reason)" CrashLoopBackOff; }
eventually 5 "its pod is in CrashLoopBackOff" pod_waits
check "with the restarts" same "$(pod .restartCount)" 3
check "and how it ended" same "$(pod .lastState.terminated.exitCode)" 137
check "the service is Restarting" same "$(service loop job .state)" Restarting
check "and says when it goes on" grep -q 'exited with code 137, restarted 3 times, again at 20' <<<"$(service loop job .message)"
check "the environment is Degraded" phase_is ci/loop Degraded
check "an Event BackOff is told" told BackOff loop
# Of each start, how long after the end before it: at once, 10 s, 20 s.
waits=$(awk '$1 == "die" {end = $2} $1 == "start" {printf "%d ", ($2 - end) / 1e9}' "$WORK/loop.events")
check "the waits are 0, 10 and 20 s" grep -qE '^[01] 1[01] 2[01] $' <<<"$waits"
kill "$killer"
rm "$MANIFESTS/loop.yaml"
eventually 10 "it can be deleted while it waits" gone ci/loop

check "the network that took the subnet is as it was" same "$(docker network inspect taken)" "$taken_before"
rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
check "what is foreign is as it was" same "$(foreign overlap home)" "$foreign_before"
