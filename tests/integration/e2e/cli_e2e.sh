#!/usr/bin/env bash
# berthctl against a real berthd, as a person and as a CI job use it.
. "$(dirname "$0")/lib.sh"
start_berthd
ctlci() { ctl -n ci "$@"; }
no_lease() { same "$(api GET /apis/coordination.k8s.io/v1/namespaces/ci/leases | jq '.items | length')" 0; }
web_environment cli web peer >"$WORK/cli.yaml"

"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci get te -w >"$WORK/watch" 2>&1 &
watcher=$!
check "apply creates" grep -q created <(ctlci apply -f "$WORK/cli.yaml")
check "wait ends when it is Ready" ctlci wait te/cli --for=condition=Ready --timeout 40s
watch_showed() { grep -Eq "^cli +$1" "$WORK/watch"; }
eventually 5 "get -w showed it come" watch_showed "(Pending|Provisioning)"
eventually 5 "get -w showed it Ready" watch_showed Ready
check "get -w goes on" kill -0 "$watcher"
kill "$watcher"
check "apply again changes nothing" grep -q unchanged <(ctlci apply -f "$WORK/cli.yaml")
check "get shows it" grep -Eq '^cli +Ready' <(ctlci get te)
check "get -o name" same "$(ctlci get te -o name)" testenvironment.berth.dev/cli
check "get -o wide shows more" test "$(ctlci get te -o wide | head -n 1 | wc -w)" -gt "$(ctlci get te | head -n 1 | wc -w)"
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
clean_up_more() { docker rm -f berth-e2e-job berth-e2e-inside >/dev/null 2>&1; docker network rm berth-e2e-net >/dev/null 2>&1; }
docker network create berth-e2e-net --subnet 10.218.0.0/28 >/dev/null
# A CI job's container, with berthctl, what that loads, and the server's socket. SLEEPS or runs berthctl.
job=(--network berth-e2e-net -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BERTH_BIN:/berth:ro" -v "$WORK:/work" -w /work "$BUSYBOX")
inside=(/berth/berthctl --server unix:///work/berthd.sock -n ci)
docker run -d --name berth-e2e-job "${job[@]}" sleep 1000 >/dev/null
reaches_web() { same "$(timeout 10 docker exec berth-e2e-job wget -qO- -T 3 http://web:8080/ 2>/dev/null)" web; }
networks_of_job() { docker inspect -f '{{len .NetworkSettings.Networks}}' berth-e2e-job; }
check "attach" ctlci attach cli berth-e2e-job
check "the job's container reaches a service by name" reaches_web
check "attach --detach" ctlci attach cli berth-e2e-job --detach
check "then it does not" same "$(reaches_web && echo reaches)" ""
check "and has its own network alone" same "$(networks_of_job)" 1
check "attach without a name takes the container that berthctl runs in" docker exec berth-e2e-job "${inside[@]}" attach cli
check "which then reaches the service" reaches_web
ctlci wait --for=delete te/cli --timeout 60s >"$WORK/wait.delete" 2>&1 &
waiter=$!
sleep 0.5
check "wait --for=delete waits while it is there" kill -0 "$waiter"
check "delete waits for the end" ctlci delete te cli --timeout 60s
check "wait --for=delete ends with it" wait "$waiter"
check "and says so" grep -qx 'testenvironment.berth.dev/cli deleted' "$WORK/wait.delete"
check "it is gone" gone ci/cli
check "the job's container was left alone" same "$(docker inspect -f '{{.State.Running}}' berth-e2e-job)" true
docker rm -f berth-e2e-job >/dev/null

note "run"
status=0
ctlci run -f "$WORK/cli.yaml" -- sh -c 'wget -qO- "http://127.0.0.1:$WEB_PORT/" || curl -s "http://127.0.0.1:$WEB_PORT/"; exit 5' >"$WORK/run.out" 2>"$WORK/run.err" || status=$?
check "run passes the exit status on" same "$status" 5
check "the command saw its variables" grep -q '^web$' "$WORK/run.out"
check "its environment is gone" no_environment
list_descriptors=(sh -c 'ls /proc/$$/fd; true')
check "the command inherits what berthctl was given, and nothing of its own" same \
  "$(ctlci -q run -f "$WORK/cli.yaml" -- "${list_descriptors[@]}")" "$(timeout 5 "${list_descriptors[@]}")"
docker run --rm --name berth-e2e-inside "${job[@]}" "${inside[@]}" -q run --in-network -f cli.yaml -- \
  sh -c 'wget -qO- http://web:8080/; echo "$WEB_PORT $BERTH_ENDPOINT_WEB_HTTP"' >"$WORK/inside.out" 2>"$WORK/inside.err" || fail "run --in-network: $(cat "$WORK/inside.err")"
check "run --in-network in a job's container reaches services by name, on their own ports" same "$(tr '\n' ' ' <"$WORK/inside.out")" "web 8080 web:8080 "
check "its environment is gone too" no_environment
docker network rm berth-e2e-net >/dev/null
check "outside a container --in-network is refused" fails_with "does not run in a container" ctlci run --in-network -f "$WORK/cli.yaml" -- true
status=0
ctlci run --keep-on-failure -f "$WORK/cli.yaml" -- sh -c 'exit 3' >/dev/null 2>"$WORK/keep.err" || status=$?
check "--keep-on-failure passes the status on" same "$status" 3
kept=$(ctlci get te -o name)
kept=${kept##*/}
check "and says what is kept" grep -q "$kept is kept until" "$WORK/keep.err"
check "it has no lease any more" same "$(field "ci/$kept" '.spec.leaseDurationSeconds')" null
check "nor a Lease" no_lease
check "it is Ready still" phase_is "ci/$kept" Ready
check "it can be deleted" ctlci delete "$kept"
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci run -f "$WORK/cli.yaml" -- sleep 100 >/dev/null 2>&1 &
runner=$!
eventually 40 "a second run is up" phases_are Ready 1
kill -TERM "$runner"
status=0
wait "$runner" || status=$?
check "SIGTERM is passed on" same "$status" 143
eventually 5 "and the environment is gone" no_environment
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci run -f "$WORK/cli.yaml" -- \
  sh -c 'trap "echo usr1" USR1; trap "echo term; exit 7" TERM; echo up; i=0; while [ $i -lt 400 ]; do sleep 0.1; i=$((i + 1)); done' >"$WORK/signals" 2>/dev/null &
runner=$!
heard() { grep -qx "$1" "$WORK/signals"; }
eventually 40 "the command runs" heard up
kill -USR1 "$runner"
eventually 5 "SIGUSR1 reaches it" heard usr1
kill -TERM "$runner"
status=0
wait "$runner" || status=$?
check "what it does on SIGTERM is its own affair" same "$status" 7
eventually 5 "and its environment is gone" no_environment
sed 's/^spec:/spec:\n  leaseDurationSeconds: 3/' "$WORK/cli.yaml" >"$WORK/lease.yaml"
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci run -f "$WORK/lease.yaml" -- sleep 8 >/dev/null 2>&1 &
runner=$!
eventually 40 "a third run is up" phases_are Ready 1
sleep 5
check "its lease is renewed" phases_are Ready 1
kill -KILL "$runner"
eventually 15 "killed with SIGKILL, its environment goes within the lease" no_environment
eventually 10 "its Lease too" no_lease

note "errors"
sed 's/image:/imagge:/' "$WORK/cli.yaml" >"$WORK/bad.yaml"
check "an unknown field is shown with file, line and column" fails_with "bad.yaml:7:5: spec.services[0].imagge: unknown field" ctlci apply -f "$WORK/bad.yaml"
check "a missing file" fails_with "nowhere.yaml" ctlci apply -f "$WORK/nowhere.yaml"
check "a missing object" fails_with 'testenvironments.berth.dev "nope" not found' ctlci get te nope
check "no server" fails_with "unix:///nowhere.sock" timeout 10 "$BERTH_BIN/berthctl" --server unix:///nowhere.sock get te
check "an unknown flag" fails_with "--wach" ctlci get --wach
check "a wrong duration" fails_with "--timeout" ctlci wait te/cli --timeout soon
check "a wrong namespace" fails_with "--namespace" ctl -n Not_A_Label get
check "a run without a command" fails_with "write it after --" ctlci run -f "$WORK/cli.yaml"
check "a file of another namespace than -n" fails_with '"ci" is not the namespace "other"' ctl -n other apply -f "$WORK/cli.yaml"
check "a name and a selector" fails_with "names cannot be combined with -l" ctlci get te cli -l a=b
check "an unknown kind" fails_with "zork" ctlci get zork
check "a wait that fails says why" fails_with "ContainerExited" bash -c "
  sed 's/name: cli,/name: broken,/; s/command: .*/command: [sh, -c, \"echo bad luck; exit 4\"]\n    restartPolicy: Never/' '$WORK/cli.yaml' | '$BERTH_BIN/berthctl' --server 'unix://$WORK/berthd.sock' -n ci apply -f - &&
  timeout 30 '$BERTH_BIN/berthctl' --server 'unix://$WORK/berthd.sock' -n ci wait te/broken --for=condition=Ready --timeout 20s"
check "delete" ctlci delete te broken
note "completion"
completed() { # LINE: what bash offers at its end
  # shellcheck disable=SC2016
  PATH=$BERTH_BIN:$PATH BERTH_SERVER="unix://$WORK/berthd.sock" bash -c '
    . <(berthctl completion bash)
    COMP_LINE=$1 COMP_POINT=${#1}
    mapfile -t COMP_WORDS < <(sed -E "s/([=:]+)/ \\1 /g" <<<"$1" | tr -s " " "\n")
    [[ $1 != *" " ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _berthctl
    echo "${COMPREPLY[*]}"' bash "$1"
}
check "commands" same "$(completed 'berthctl desc')" describe
check "shells" same "$(completed 'berthctl completion ')" "bash zsh fish"
check "what stands behind an = alone is replaced" same "$(completed 'berthctl wait --for=condition=Re')" Ready
check "a URL is one word" same "$(completed "berthctl --server unix://$WORK/berthd.sock desc")" describe
check "names behind a type" same "$(completed 'berthctl get namespaces/c')" namespaces/ci
eventually 20 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
