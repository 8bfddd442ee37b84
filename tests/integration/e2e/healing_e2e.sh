#!/usr/bin/env bash
# What breaks out of band is repaired: killed and removed containers, a disconnected and a removed network. Ports stay.
. "$(dirname "$0")/lib.sh"
start_berthd

web_environment heal web peer | put heal.yaml
eventually 60 "Ready" phase_is ci/heal Ready
ports=$(field ci/heal .status.env)
web=$(container_of heal web)
peer=$(container_of heal peer)
url="http://$(field ci/heal '.status.endpoints["web.http"]')/"
answers() { same "$(curl -s --max-time 2 "$url")" web; }
check "the service answers through its port" answers

docker kill "$web" >/dev/null
eventually 10 "a killed container runs again" answers
check "it is the same container" same "$(container_of heal web)" "$web"
eventually 10 "Ready after the kill" phase_is ci/heal Ready
check "its restart is counted" same "$(field ci/heal '.status.services[] | select(.name == "web") | .restartCount')" 1

docker rm -f "$web" >/dev/null
eventually 10 "a removed container is made again" answers
check "it is another container" test "$(container_of heal web)" != "$web"

network=$(field ci/heal .status.network.id)
docker network disconnect -f "$network" "$peer"
attached() { same "$(docker inspect -f "{{range .NetworkSettings.Networks}}{{.NetworkID}}{{end}}" "$1")" "$(field ci/heal .status.network.id)"; }
eventually 10 "a disconnected container is connected again" attached "$peer"
eventually 10 "the peer resolves again" docker exec "$(container_of heal web)" nc -w 1 peer 8080

# berth connects them again at once, faster than anybody could remove the network: it is held meanwhile.
kill -STOP "$BERTHD_PID"
for c in $(container_of heal web) $(container_of heal peer); do docker network disconnect -f "$network" "$c"; done
check "the network was removed behind berth's back" docker network rm "$network"
kill -CONT "$BERTHD_PID"
another_network() {
  local id
  id=$(field ci/heal .status.network.id)
  [ "$id" != "$network" ] && same "$(docker network ls -q --no-trunc --filter label=berth.dev/environment=heal)" "$id"
}
eventually 15 "a removed network is made again" another_network
eventually 20 "the service answers again" answers
eventually 20 "Ready again" phase_is ci/heal Ready
check "ports did not change" same "$(field ci/heal .status.env)" "$ports"
check "drift was counted" test "$(metric berth_drift_total)" -ge 3
check "healing was measured" test "$(metric berth_time_to_heal_seconds_count)" -ge 1
check "a repair was told" test "$(api GET /api/v1/namespaces/ci/events | jq '[.items[] | select(.reason == "Repaired")] | length')" -ge 1

note "a line that is written at once makes Ready: it is often older than the engine's own time of the start"
talkative() {
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: %s, namespace: ci}\nspec:\n  services:\n' "$1"
  for service in a b c d; do
    printf '  - {name: %s, image: %s, command: [sh, -c, "echo up since $(date +%%s%%N); exec sleep 1000"], terminationGracePeriodSeconds: 0, readinessProbe: {log: {pattern: "^up since"}}}\n' "$service" "$BUSYBOX"
  done
}
for n in 1 2 3 4 5; do talkative "talks$n" | put "talks$n.yaml"; done
for n in 1 2 3 4 5; do eventually 20 "talks$n is Ready" phase_is "ci/talks$n" Ready; done
talker=$(container_of talks1 a)
docker kill "$talker" >/dev/null
restarted() { same "$(field ci/talks1 '.status.services[] | select(.name == "a") | [.restartCount, .ready]' | tr -d ' \n')" '[1,true]'; }
eventually 20 "of a restarted container the new line counts" restarted
rm "$MANIFESTS"/talks*.yaml

note "a service that dies again and again is held back"
put loop.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: loop, namespace: ci}
spec:
  services: [{name: job, image: $BUSYBOX, command: [sh, -c, "exit 3"]}]
YAML
restarts() { field ci/loop '.status.services[0].restartCount'; }
at_least_one() { [ "$(restarts)" -ge 1 ]; }
eventually 20 "it was restarted at once" at_least_one
sleep 3
check "the second restart waits" same "$(restarts)" 1
check "status says why" same "$(field ci/loop '.status.services[0] | [.exitCode, .state] | join(" ")' | cut -d' ' -f1)" 3

rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
