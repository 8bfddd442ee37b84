#!/usr/bin/env bash
# Every way an environment ends: ttl, lease, ready deadline, failure kept for debugging, and what stays to be read.
. "$(dirname "$0")/lib.sh"
start_berthd

put ttl.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: ttl, namespace: ci}
spec: {ttlSeconds: 4, ttlSecondsAfterFinished: 3, services: [{name: web, image: $BUSYBOX, command: [sleep, "1000"]}]}
YAML
eventually 20 "it was Ready first" phase_is ci/ttl Ready
eventually 10 "it expires" phase_is ci/ttl Expired
nothing_of() { [ -z "$(docker ps -aq --filter "label=berth.dev/environment=$1")$(docker network ls -q --filter "label=berth.dev/environment=$1")" ]; }
eventually 10 "its engine objects are gone" nothing_of ttl
eventually 10 "the object goes after ttlSecondsAfterFinished" gone ci/ttl
sleep 2
check "the file does not make it anew" gone ci/ttl
sed -i 's/ttlSeconds: 4/ttlSeconds: 5/' "$MANIFESTS/ttl.yaml"
eventually 20 "a changed file does" phase_is ci/ttl Ready
rm "$MANIFESTS/ttl.yaml"
eventually 20 "gone with its file" gone ci/ttl

put late.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: late, namespace: ci}
spec:
  readyDeadlineSeconds: 3
  services:
  - name: db
    image: $BUSYBOX
    command: [sh, -c, "echo starting; echo 'FATAL: no disk' >&2; exec sleep 1000"]
    readinessProbe: {tcpSocket: {port: 5432}}
YAML
eventually 15 "the deadline fails it" phase_is ci/late Failed
check "with its reason" same "$(field ci/late .status.reason)" DeadlineExceeded
message=$(field ci/late .status.message)
check "the message names the service" grep -q db <<<"$message"
check "and holds its last log lines" grep -q 'FATAL: no disk' <<<"$message"
eventually 10 "its engine objects are gone" nothing_of late
rm "$MANIFESTS/late.yaml"
eventually 10 "gone" gone ci/late

put keep.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: keep, namespace: ci}
spec:
  readyDeadlineSeconds: 30
  onFailure: Keep
  services: [{name: job, image: $BUSYBOX, restartPolicy: Never, command: [sh, -c, "echo broken; exit 7"]}]
YAML
eventually 15 "a job that fails fails its environment" phase_is ci/keep Failed
check "reason" same "$(field ci/keep .status.reason)" ContainerExited
sleep 1
check "its container is kept" same "$(docker inspect -f '{{.State.ExitCode}}' "$(container_of keep job)")" 7
rm "$MANIFESTS/keep.yaml"
eventually 10 "gone with its file" gone ci/keep
check "the container too" nothing_of keep

put done.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: done, namespace: ci}
spec:
  services:
  - {name: migrate, image: $BUSYBOX, restartPolicy: Never, command: [sh, -c, "sleep 1; echo migrated"]}
  - {name: web, image: $BUSYBOX, command: [sleep, "1000"], dependsOn: [{service: migrate, condition: Completed}]}
YAML
eventually 20 "Completed releases its dependents and is Ready" phase_is ci/done Ready
rm "$MANIFESTS/done.yaml"

note "a lease that nobody renews"
api POST "$ENVS/ci/testenvironments" -H 'Content-Type: application/yaml' --data-binary @- >/dev/null <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {generateName: lease-, namespace: ci}
spec: {leaseDurationSeconds: 3, ttlSecondsAfterFinished: 0, services: [{name: web, image: $BUSYBOX, command: [sleep, "1000"]}]}
YAML
leased() { api GET "$ENVS/ci/testenvironments" | jq -r '.items[].metadata.name | select(startswith("lease-"))'; }
check "a name was generated" test -n "$(leased)"
none_leased() { [ -z "$(leased)" ]; }
eventually 20 "it goes when the lease runs out" none_leased
eventually 20 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
