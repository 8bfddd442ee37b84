#!/usr/bin/env bash
# berthctl against a real berthd, as a person and as a CI job use it.
. "$(dirname "$0")/lib.sh"
start_berthd
ctlci() { ctl -n ci "$@"; }
web_environment cli web peer >"$WORK/cli.yaml"

check "apply creates" grep -q created <(ctlci apply -f "$WORK/cli.yaml")
check "wait ends when it is Ready" ctlci wait te/cli --for=condition=Ready --timeout 40s
check "apply again changes nothing" grep -q unchanged <(ctlci apply -f "$WORK/cli.yaml")
check "get shows it" grep -Eq '^cli +Ready' <(ctlci get te)
check "get -o name" same "$(ctlci get te -o name)" testenvironment.berth.dev/cli
check "get -o json is JSON" same "$(ctlci get te cli -o json | jq -r .metadata.name)" cli
ctlci get te cli -o yaml >"$WORK/again.yaml"
check "get -o yaml can be applied" ctlci apply -f "$WORK/again.yaml"
check "describe shows the endpoint" grep -q "$(field ci/cli '.status.endpoints["web.http"]')" <(ctlci describe te cli)
check "describe shows events" grep -q Started <(ctlci describe te cli)
port=$(field ci/cli .status.env.WEB_PORT)
check "env exports variables" same "$(unset WEB_PORT; eval "$(ctlci env cli)"; echo "$WEB_PORT")" "$port"
check "env as json" same "$(ctlci env cli --format json | jq -r .WEB_PORT)" "$port"
check "env as dotenv" grep -qx "WEB_PORT=$port" <(ctlci env cli --format dotenv)
docker exec "$(container_of cli web)" sh -c 'echo hello > /proc/1/fd/1'
log_has() { ctlci logs cli/web | grep -q hello; }
eventually 5 "logs shows what the service wrote" log_has
timeout 3 "$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci logs -f cli/web >"$WORK/follow" &
sleep 0.5
docker exec "$(container_of cli web)" sh -c 'echo more > /proc/1/fd/1'
wait $! || true
check "logs -f follows" grep -q more "$WORK/follow"

note "attach"
clean_up_more() { docker rm -f berth-e2e-job >/dev/null 2>&1; docker network rm berth-e2e-net >/dev/null 2>&1; }
docker network create berth-e2e-net --subnet 10.218.0.0/28 >/dev/null
docker run -d --name berth-e2e-job --network berth-e2e-net "$BUSYBOX" sleep 1000 >/dev/null
check "attach" ctlci attach cli berth-e2e-job
check "the job's container reaches a service by name" same "$(docker exec berth-e2e-job wget -qO- http://web:8080/)" web
check "delete waits for the end" ctlci delete te cli --timeout 60s
check "it is gone" gone ci/cli
check "the job's container was left alone" same "$(docker inspect -f '{{.State.Running}}' berth-e2e-job)" true
docker rm -f berth-e2e-job >/dev/null
docker network rm berth-e2e-net >/dev/null

note "run"
status=0
ctlci run -f "$WORK/cli.yaml" -- sh -c 'wget -qO- "http://127.0.0.1:$WEB_PORT/" || curl -s "http://127.0.0.1:$WEB_PORT/"; exit 5' >"$WORK/run.out" 2>"$WORK/run.err" || status=$?
check "run passes the exit status on" same "$status" 5
check "the command saw its variables" grep -q '^web$' "$WORK/run.out"
check "its environment is gone" no_environment
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci run -f "$WORK/cli.yaml" -- sleep 100 >/dev/null 2>&1 &
runner=$!
eventually 40 "a second run is up" phases_are Ready 1
kill -TERM "$runner"
status=0
wait "$runner" || status=$?
check "SIGTERM is passed on" same "$status" 143
eventually 5 "and its environment is gone" no_environment
sed 's/^spec:/spec:\n  leaseDurationSeconds: 3/' "$WORK/cli.yaml" >"$WORK/lease.yaml"
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci run -f "$WORK/lease.yaml" -- sleep 8 >/dev/null 2>&1 &
runner=$!
eventually 40 "a third run is up" phases_are Ready 1
sleep 5
check "its lease is renewed" phases_are Ready 1
kill -KILL "$runner"
eventually 15 "killed with SIGKILL, its environment goes within the lease" no_environment
eventually 10 "its Lease too" same "$(api GET /apis/coordination.k8s.io/v1/namespaces/ci/leases | jq '.items | length')" 0

note "errors"
fails_with() { # TEXT COMMAND...
  local text=$1 output status=0
  shift
  output=$("$@" 2>&1) || status=$?
  [ "$status" -ne 0 ] && grep -qF -- "$text" <<<"$output" || { printf 'status %s: %s\n' "$status" "$output" >&2; return 1; }
}
sed 's/image:/imagge:/' "$WORK/cli.yaml" >"$WORK/bad.yaml"
check "an unknown field is shown with file, line and column" fails_with "bad.yaml:7:5: spec.services[0].imagge: unknown field" ctlci apply -f "$WORK/bad.yaml"
check "a missing file" fails_with "nowhere.yaml" ctlci apply -f "$WORK/nowhere.yaml"
check "a missing object" fails_with 'testenvironments.berth.dev "nope" not found' ctlci get te nope
check "no server" fails_with "unix:///nowhere.sock" timeout 10 "$BERTH_BIN/berthctl" --server unix:///nowhere.sock get te
check "an unknown kind" fails_with "zork" ctlci get zork
check "a wait that fails says why" fails_with "ContainerExited" bash -c "
  sed 's/name: cli,/name: broken,/; s/command: .*/command: [sh, -c, \"echo bad luck; exit 4\"]\n    restartPolicy: Never/' '$WORK/cli.yaml' | '$BERTH_BIN/berthctl' --server 'unix://$WORK/berthd.sock' -n ci apply -f - &&
  timeout 30 '$BERTH_BIN/berthctl' --server 'unix://$WORK/berthd.sock' -n ci wait te/broken --for=condition=Ready --timeout 20s"
check "delete" ctlci delete te broken
check "completion" grep -q berthctl <(ctlci completion bash)
eventually 20 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
