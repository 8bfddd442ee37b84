#!/usr/bin/env bash
# Ten environments of Postgres + Redis + a client come up side by side from a watched directory, each reachable through its own
# leased ports; deleting the files leaves the engine as it was.
. "$(dirname "$0")/lib.sh"

check "the engine is clean before" engine_is_clean
volumes_before=$(ours volumes | sort)
start_berthd

environment() {
  cat <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: run-$1, namespace: ci, labels: {pipeline: "8123"}}
spec:
  ttlSeconds: 1800
  readyDeadlineSeconds: 120
  services:
  - name: postgres
    image: $POSTGRES
    env: [{name: POSTGRES_PASSWORD, value: test}]
    ports: [{name: sql, containerPort: 5432, env: DEV_POSTGRES_PORT}]
    readinessProbe: {exec: {command: [pg_isready, -U, postgres, -h, 127.0.0.1]}}
    resources: {limits: {memory: 256Mi}}
  - name: redis
    image: $REDIS
    ports: [{name: redis, containerPort: 6379, env: DEV_REDIS_PORT}]
    readinessProbe: {tcpSocket: {port: redis}}
  - name: client
    image: $BUSYBOX
    command: [sh, -c, "nc -w 1 postgres 5432 </dev/null && nc -w 1 redis 6379 </dev/null && cat /etc/client/config && echo public \$PUBLIC_DB && exec sleep 3600"]
    dependsOn: [{service: postgres, condition: Ready}, {service: redis, condition: Ready}]
    env: [{name: PUBLIC_DB, value: "127.0.0.1:\$(DEV_POSTGRES_PORT)"}]
    files: [{path: /etc/client/config, mode: 0444, content: "run $1\n"}]
YAML
}

for i in $(seq 10); do environment "$i" | put "run-$i.yaml"; done
eventually 180 "all ten are Ready" phases_are Ready 10

ports=$(api GET /apis/berth.dev/v1alpha1/testenvironments | jq -r '.items[].status.env | .DEV_POSTGRES_PORT, .DEV_REDIS_PORT' | sort)
check "twenty ports were leased, none twice" same "$(printf '%s\n' "$ports" | uniq | wc -l)" 20
for i in $(seq 10); do
  sql=$(field "ci/run-$i" '.status.endpoints["postgres.sql"]')
  check "run-$i answers a query through $sql" same \
    "$(PGPASSWORD=test timeout 10 psql -h "${sql%:*}" -p "${sql##*:}" -U postgres -Atc "select 6 * 7")" 42
  redis=$(field "ci/run-$i" '.status.endpoints["redis.redis"]')
  check "run-$i answers a ping through $redis" same "$(timeout 10 redis-cli -h "${redis%:*}" -p "${redis##*:}" ping)" PONG
done
id=$(container_of run-7 client)
client_wrote() { same "$(docker logs "$id" 2>&1 | tr '\n' ' ')" "run 7 public 127.0.0.1:$(field ci/run-7 .status.env.DEV_POSTGRES_PORT) "; }
eventually 5 "the client found its peers by name, its file and its variable" client_wrote
check "status names the container" same "$(field ci/run-7 '.status.services[] | select(.name == "client") | .containerID')" "$id"
check "status names the network" docker network inspect "$(field ci/run-7 .status.network.name)" >/dev/null
check "two environments do not share a network" same \
  "$(api GET /apis/berth.dev/v1alpha1/testenvironments | jq -r '.items[].status.network.id' | sort -u | wc -l)" 10
check "parallelism is measured" same "$(metric berth_parallelism_current)" 10

rm "$MANIFESTS"/run-*.yaml
eventually 90 "no environment is left" no_environment
check "the engine is clean after" engine_is_clean
check "no volume was left" same "$(ours volumes | sort)" "$volumes_before"
check "berthd stops cleanly" stop_berthd
