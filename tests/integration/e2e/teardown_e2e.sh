#!/usr/bin/env bash
# SIGTERM with --teardown-on-exit: berthd takes every environment with it, and nothing else; without it they stay.
. "$(dirname "$0")/lib.sh"
start_berthd --teardown-on-exit
for i in 1 2 3; do web_environment "down-$i" web | put "down-$i.yaml"; done
web_environment api-made web | ctl apply -f - >/dev/null
eventually 90 "all Ready" phases_are Ready 4
check "SIGTERM ends it with status 0" stop_berthd
check "nothing of berth is left on the engine" engine_is_clean
check "the log says so" grep -q 'torn down left=0' "$LOG"

start_berthd --teardown-on-exit
eventually 90 "manifests that are still there come again" phases_are Ready 3
check "what no manifest says does not" gone ci/api-made

note "what does not end in time does not hold up a second signal"
put slow.yaml <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: slow, namespace: ci}
spec:
  services:
  - {name: slow, image: $BUSYBOX, command: [sh, -c, "trap '' TERM; while true; do sleep 0.2; done"], terminationGracePeriodSeconds: 40}
YAML
eventually 60 "it is Ready" phase_is ci/slow Ready
kill -TERM "$BERTHD_PID"
tearing_down() { [ "$(grep -c 'tearing down environments=4' "$LOG")" -eq 2 ]; }  # the second time in this log
eventually 10 "it tears down" tearing_down
sleep 1
check "a second SIGTERM ends it with status 0" stop_berthd
check "the log says what is left" grep -q 'the next berthd goes on left=1' "$LOG"

rm "$MANIFESTS"/*.yaml
start_berthd --prune-empty
eventually 60 "the next one, without the flag, finishes it" no_environment
eventually 20 "the engine is clean" engine_is_clean
web_environment stays web | ctl apply -f - >/dev/null
eventually 60 "Ready" phase_is ci/stays Ready
check "SIGTERM ends it with status 0" stop_berthd
check "and the environment stays" test -n "$(container_of stays web)"
start_berthd
check "it goes when it is deleted" ctl delete te/stays -n ci
