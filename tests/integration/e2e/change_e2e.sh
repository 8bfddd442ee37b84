#!/usr/bin/env bash
# A changed manifest replaces only what it touches; ports stay; resources change in place.
. "$(dirname "$0")/lib.sh"
start_berthd

environment() { # GREETING MEMORY
  cat <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: change, namespace: ci}
spec:
  services:
$(web_service base)
    env: [{name: GREETING, value: "$1"}]
$(web_service other)
    resources: {limits: {memory: $2}}
$(web_service dependent)
    dependsOn: [{service: base, condition: Ready}]
YAML
}
environment one 64Mi | put change.yaml
eventually 60 "Ready" phase_is ci/change Ready
ids() { for s in base other dependent; do container_of change "$s"; done; }
mapfile -t before < <(ids)
ports=$(field ci/change .status.env)
network=$(field ci/change .status.network.id)
observed() { same "$(field ci/change '"\(.status.observedGeneration) \(.status.phase)"')" "$(field ci/change .metadata.generation) Ready"; }

environment one 96Mi | put change.yaml
limit_is() { same "$(docker inspect -f '{{.HostConfig.Memory}}' "$(container_of change other)")" "$1"; }
eventually 20 "the limit changed" limit_is $((96 * 1024 * 1024))
mapfile -t after < <(ids)
check "no container was replaced" same "${after[*]}" "${before[*]}"

environment two 96Mi | put change.yaml
replaced() { [ "$(container_of change base | wc -l)" -eq 1 ] && [ "$(container_of change base)" != "${before[0]}" ]; }
eventually 30 "the changed service was replaced" replaced
eventually 30 "the environment is Ready with the new generation" observed
mapfile -t after < <(ids)
check "the other one was not" same "${after[1]}" "${before[1]}"
check "the dependent one was" test "${after[2]}" != "${before[2]}"
check "ports stayed" same "$(field ci/change .status.env)" "$ports"
check "the network stayed" same "$(field ci/change .status.network.id)" "$network"
check "the new value is there" same "$(docker exec "${after[0]}" sh -c 'echo $GREETING')" two

note "a service fewer"
web_environment change base other | put change.yaml
none() { same "$(container_of change dependent)" ""; }
eventually 30 "its container is gone" none
eventually 30 "Ready" observed
note "another network"
{ web_environment change base other; printf '  network: {subnet: 10.215.7.0/28}\n'; } | put change.yaml
subnet_is() { same "$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' "$(field ci/change .status.network.id)")" "$1"; }
eventually 40 "the network was replaced" subnet_is 10.215.7.0/28
eventually 40 "Ready" observed
check "one network is left" same "$(ours networks | wc -l)" 1

rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
