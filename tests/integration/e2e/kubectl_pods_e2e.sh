#!/usr/bin/env bash
# The real kubectl on the containers of an environment, seen as pods: get, describe, logs, exec, cp, attach, port-forward, wait.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kubectl_lib.sh"

pod_environment() { # NAME
  cat <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: $1, labels: {app: $1}}
spec:
  services:
  - name: web
    image: $BUSYBOX
    command: [sh, -c, "mkdir -p /www && echo hello from $1 > /www/index.html; echo line 1; echo line 2; echo line 3; exec httpd -f -p 8080 -h /www"]
    ports: [{name: http, containerPort: 8080}]
    readinessProbe: {tcpSocket: {port: http}}
  - name: ticker
    image: $BUSYBOX
    command: [sh, -c, "i=0; while true; do i=\$((i+1)); echo tick \$i; sleep 0.2; done"]
YAML
}

pods() {
  check "there is a pod for each service" says "pod/p.ticker
pod/p.web" k get pods -o name
  check "get pods" shows '^p\.web +1/1 +Running +0 ' k get pods
  check "get pods -o wide shows the address" shows '^p\.web +1/1 +Running .* 10\.' k get pods -o wide
  check "pods have the environment's labels" says pod/p.web k get pods -l app=p,berth.dev/service=web -o name
  check "describe pod" shows 'Controlled By: +TestEnvironment/p' k describe pod p.web
  check "wait for a pod" says "pod/p.web condition met" k wait --for=condition=Ready pod/p.web --timeout=20s
  check "a pod cannot be deleted" fails_with 'MethodNotAllowed' k delete pod p.web
}

logs() {
  check "logs" says "line 1
line 2
line 3" k logs p.web
  check "logs --tail" says "line 3" k logs p.web --tail=1
  check "logs --timestamps" shows '^20[0-9-]+T[0-9:.]+Z line 3$' k logs p.web --timestamps --tail=1
  check "logs --since" shows 'tick' k logs p.ticker --since=1m
  check "logs --limit-bytes" says "line" k logs p.web --limit-bytes=4
  check "logs -l" shows 'line 3' k logs -l app=p --tail=1 --all-containers
  check "logs of a container that is not there" fails_with 'container nope is not valid for pod p.web' k logs p.web -c nope
  check "logs of a pod that is not there" fails_with 'pods "nope" not found' k logs nope
  timeout 3 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" logs -f p.ticker --tail=1 >"$WORK/follow" 2>&1 || true
  check "logs -f follows" test "$(wc -l <"$WORK/follow")" -gt 5
}

commands() {
  check "exec prints both streams" shows '^out$' k exec p.web -- sh -c 'echo out; echo err >&2'
  check "exec passes the exit status on" ends_with 3 k exec p.web -- sh -c 'exit 3'
  check "exec of what is not there" ends_with 1 k exec p.web -- /no/such/binary
  check "exec reads standard input" says "from outside" bash -c "echo from outside | timeout 20 '$KUBECTL' --kubeconfig '$WORK/kubeconfig' exec -i p.web -- cat"
  check "a lot goes both ways unharmed" same "$(head -c 3000000 /dev/zero | tr '\0' x | md5sum)" \
    "$(head -c 3000000 /dev/zero | tr '\0' x | timeout 60 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" exec -i p.web -- cat | md5sum)"
  check "exec -it has a terminal" shows '/dev/pts/' script -qec "timeout --foreground 20 '$KUBECTL' --kubeconfig '$WORK/kubeconfig' exec -it p.web -- tty" /dev/null
  check "exec in a pod that is not there" fails_with 'pods "nope" not found' k exec nope -- true
  echo "a file" >"$WORK/sent"
  check "cp into a container" says "" k cp "$WORK/sent" p.web:/tmp/sent
  check "it arrived" says "a file" k exec p.web -- cat /tmp/sent
  rm -f "$WORK/got"
  k cp p.web:/tmp/sent "$WORK/got" >/dev/null 2>&1
  check "cp out of a container" same "$(cat "$WORK/got")" "a file"
  timeout 3 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" attach p.ticker >"$WORK/attached" 2>&1 || true
  check "attach shows what is written" grep -q '^tick' "$WORK/attached"
}

forwarding() {
  local forward
  rm -f "$WORK"/forward* "$WORK"/answer.*
  timeout 60 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" port-forward p.web 18080:8080 >"$WORK/forward" 2>&1 &
  forward=$!
  eventually 10 "port-forward listens" grep -q 'Forwarding from 127.0.0.1:18080' "$WORK/forward"
  check "a request goes through" says "hello from p" curl -s --max-time 10 http://127.0.0.1:18080/
  local i
  for i in 1 2 3 4 5 6 7 8; do curl -s --max-time 10 http://127.0.0.1:18080/ >"$WORK/answer.$i" & done
  wait $(jobs -p | grep -vx -e "$forward" -e "$BERTHD_PID")
  check "eight at once go through" says 8 bash -c "cat '$WORK'/answer.* | grep -c 'hello from p'"
  kill "$forward" 2>/dev/null || true
  wait "$forward" 2>/dev/null || true
  timeout 60 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" port-forward p.web 18081:17 >"$WORK/forward2" 2>&1 &
  forward=$!
  eventually 10 "port-forward to a closed port listens" grep -q 'Forwarding from' "$WORK/forward2"
  curl -s --max-time 10 http://127.0.0.1:18081/ >/dev/null || true
  eventually 10 "its refusal is told" grep -qi 'refused' "$WORK/forward2"
  kill "$forward" 2>/dev/null || true
  wait "$forward" 2>/dev/null || true
}

start_for_kubectl
for client in "${KUBECTLS[@]}"; do
  use_kubectl "$client"
  NS=pods-$K_MINOR
  k create ns "$NS" >/dev/null
  k config set-context --current --namespace="$NS" >/dev/null
  pod_environment p | k apply -f - >/dev/null
  check "the environment is Ready" shows 'condition met' k wait --for=condition=Ready te/p --timeout=60s
  pods
  logs
  commands
  forwarding
  docker kill "$(container_of p ticker)" >/dev/null
  eventually 20 "a restart is counted" shows '^p\.ticker +1/1 +Running +1' k get pods
  check "logs of the one before" shows 'tick' k logs p.ticker --previous --tail=1
  check "delete ns" says "namespace \"$NS\" deleted" k delete ns "$NS"
done
check "the engine is clean" engine_is_clean
