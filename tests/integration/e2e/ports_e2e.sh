#!/usr/bin/env bash
# Ports and subnets: what somebody else holds is stepped round, what is exhausted waits or falls back; nothing fails.
. "$(dirname "$0")/lib.sh"
PORT_RANGE=31500-31503
SUBNET_POOL=10.216.0.0/25
start_berthd

clean_up_more() { kill "$squatter" 2>/dev/null; }
busybox httpd -f -p 127.0.0.1:31500 &
squatter=$!
web_environment a one two | put a.yaml
eventually 40 "Ready although a port of the range is held from outside" phase_is ci/a Ready
check "the held port was not used" test "$(field ci/a '[.status.env[]] | index("31500")')" = null
check "the conflict was counted" test "$(metric berth_port_conflicts_total)" -ge 1
kill "$squatter"

web_environment b one two | put b.yaml
eventually 40 "Ready although the range is exhausted" phase_is ci/b Ready
outside() { api GET "$ENVS/ci/testenvironments/b" | jq -r '.status.env[]' | awk '$1 < 31500 || $1 > 31503' | wc -l; }
check "a port outside the range was used" test "$(outside)" -ge 1
check "and counted" test "$(metric berth_port_fallbacks_total)" -ge 1
url="http://$(field ci/b '.status.endpoints["one.http"]')/"
check "it answers" same "$(curl -s --max-time 3 "$url")" one

web_environment c one | put c.yaml
web_environment d one | put d.yaml
eventually 40 "four subnets, four environments" phases_are Ready 4
web_environment e one | put e.yaml
pending() { same "$(field ci/e '.status.phase + " " + ([.status.conditions[] | select(.type == "Scheduled") | .reason] | first)')" "Pending SubnetExhausted"; }
eventually 10 "the fifth waits and says why" pending
rm "$MANIFESTS/a.yaml"
eventually 40 "and goes on by itself" phase_is ci/e Ready

put f.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: f, namespace: ci}
spec:
  network: {subnet: 10.217.0.0/28}
  services:
  - {name: web, image: $BUSYBOX, command: [sh, -c, "exec httpd -f -p 8080 -h /etc"], ports: [{containerPort: 8080, hostPort: 31999, env: FIXED}]}
YAML
eventually 30 "an explicit port and subnet" phase_is ci/f Ready
check "the port is the one asked for" same "$(field ci/f .status.env.FIXED)" 31999
put g.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: g, namespace: ci}
spec:
  network: {subnet: 10.217.0.32/28}
  services:
  - {name: web, image: $BUSYBOX, command: [sleep, "1000"], ports: [{containerPort: 8080, hostPort: 31999}]}
YAML
conflict() { api GET "$ENVS/ci/testenvironments/g" | jq -e '[.status.conditions[] | select(.reason == "PortConflict")] | length > 0'; }
eventually 10 "a second one with the same explicit port says so" conflict
rm "$MANIFESTS/f.yaml"
eventually 40 "and comes up when the port is free" phase_is ci/g Ready

rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
check "every subnet is free again" same "$(metric 'berth_subnets{host="local",state="leased"}')" 0
