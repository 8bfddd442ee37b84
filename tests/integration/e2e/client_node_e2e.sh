#!/usr/bin/env bash
# Programs that use @kubernetes/client-node: client_node.mjs against a berthd.
. "$(dirname "$0")/lib.sh"
CLIENT=${BERTH_TEST_CLIENTS:?folder of the clients}/node
[ -d "$CLIENT/node_modules/@kubernetes/client-node" ] || fail "client-node is missing in $CLIENT: the test clients.fetch gets it from the npm registry"
TLS_PORT=6482
FLAGS+=(--listen "https://127.0.0.1:$TLS_PORT")

start_berthd
"$BERTH_BIN/berthctl" --server "https://127.0.0.1:$TLS_PORT" --token-file "$DATA/admin.token" --certificate-authority "$DATA/tls/ca.crt" \
  kubeconfig --output "$WORK/kubeconfig"
cat >"$WORK/environment.json" <<JSON
{"apiVersion": "berth.dev/v1alpha1", "kind": "TestEnvironment", "metadata": {"name": "n", "namespace": "node"},
 "spec": {"services": [{"name": "web", "image": "$BUSYBOX", "ports": [{"name": "http", "containerPort": 8080}],
  "command": ["sh", "-c", "echo started; mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www"],
  "readinessProbe": {"tcpSocket": {"port": "http"}}}]}}
JSON
timeout 150 node "$(dirname "$0")/client_node.mjs" "$CLIENT" "$WORK/kubeconfig" node "$WORK/environment.json" >&2 || fail "client_node.mjs ended with status $?"
eventually 10 "the engine is clean" engine_is_clean
