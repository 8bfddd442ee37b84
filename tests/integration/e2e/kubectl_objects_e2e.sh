#!/usr/bin/env bash
# The verbs of the real kubectl on environments and core kinds: every client that is there does the same, and prints what its users know.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kubectl_lib.sh"

environment() { # NAME [SPEC LINES]
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: %s, labels: {app: %s}}\nspec:\n  services:\n' "$1" "$1"
  web_service web
  [ -z "${2:-}" ] || printf '%s\n' "$2"
}
deleted() { # KIND NAME: as this client says it
  if newer_than 32; then printf '%s "%s" deleted from %s namespace' "$1" "$2" "$NS"; else printf '%s "%s" deleted' "$1" "$2"; fi
}

discovery() {
  check "version prints the server's" shows 'v1\.36\.' k version
  check "api-resources lists environments" shows 'testenvironments +te,env +berth\.dev/v1alpha1 +true +TestEnvironment' k api-resources
  check "api-versions lists the group" shows '^berth\.dev/v1alpha1$' k api-versions
  check "cluster-info finds the server" shows "https://127.0.0.1:$TLS_PORT" k cluster-info
  check "get --raw reads a path" says ok k get --raw /readyz
  check "explain knows a field" shows 'DESCRIPTION' k explain te.spec.services.readinessProbe
  check "explain --recursive knows a deep field" shows 'failureThreshold' k explain te --recursive
  check "explain knows a field of the status" shows 'leased for it' k explain te.status.services.ports
  check "explain knows a core kind" shows 'involvedObject' k explain events
  check "explain names a field that is not there" fails_with 'does not exist' k explain te.spec.nope
  check "auth can-i says yes" says yes k auth can-i create te
  check "auth can-i --list lists" shows '\*\.\*' k auth can-i --list
  if newer_than 20; then check "auth whoami knows the user" shows 'Username +admin' k auth whoami; fi
}

apply_client_side() {
  environment web >"$WORK/web.yaml"
  check "apply creates" says "testenvironment.berth.dev/web created" k apply -f "$WORK/web.yaml"
  check "apply again changes nothing" shows '(unchanged|configured)$' k apply -f "$WORK/web.yaml"
  check "diff of the same is empty" ends_with 0 k diff -f "$WORK/web.yaml"
  environment web "  ttlSeconds: 3000" >"$WORK/web2.yaml"
  check "diff shows a change" ends_with 1 k diff -f "$WORK/web2.yaml"
  check "a server dry run says so" says "testenvironment.berth.dev/web configured (server dry run)" k apply --dry-run=server -f "$WORK/web2.yaml"
  check "and changes nothing" says "" k get te web -o 'jsonpath={.spec.ttlSeconds}'
  check "apply changes" says "testenvironment.berth.dev/web configured" k apply -f "$WORK/web2.yaml"
  check "the change is there" says 3000 k get te web -o 'jsonpath={.spec.ttlSeconds}'
  check "what is dropped from the file goes" says "testenvironment.berth.dev/web configured" k apply -f "$WORK/web.yaml"
  check "it is gone" says "" k get te web -o 'jsonpath={.spec.ttlSeconds}'
  check "view-last-applied shows the file" shows 'name: web' k apply view-last-applied te/web
  check "an unknown field is refused" fails_with 'unknown field "' k apply -f <(environment bad "  ttlSecond: 5")
  check "a wrong value is refused with its path" fails_with 'spec.ttlSeconds' k apply -f <(environment bad "  ttlSeconds: -5")
  environment pruned | sed 's/app: pruned/app: web/' >"$WORK/pruned.yaml"
  check "another one with the label" says "testenvironment.berth.dev/pruned created" k apply -f "$WORK/pruned.yaml"
  local list=--prune-whitelist
  if newer_than 25; then list=--prune-allowlist; fi
  check "apply --prune removes what the files do not say" shows 'pruned pruned' k apply -f "$WORK/web.yaml" --prune -l app=web $list=berth.dev/v1alpha1/TestEnvironment
  eventually 20 "it is gone" fails_with NotFound k get te pruned
}

apply_server_side() {
  environment ssa "  ttlSeconds: 600" >"$WORK/ssa.yaml"
  check "apply --server-side creates" says "testenvironment.berth.dev/ssa serverside-applied" k apply --server-side -f "$WORK/ssa.yaml"
  local version
  version=$(k get te ssa -o 'jsonpath={.metadata.managedFields[0].time}')
  check "again" says "testenvironment.berth.dev/ssa serverside-applied" k apply --server-side -f "$WORK/ssa.yaml"
  check "nothing changed" says "$version" k get te ssa -o 'jsonpath={.metadata.managedFields[0].time}'
  environment ssa "  ttlSeconds: 700" >"$WORK/ssa2.yaml"
  check "another manager is in conflict" fails_with 'conflict with "kubectl": .spec.ttlSeconds' k apply --server-side --field-manager other -f "$WORK/ssa2.yaml"
  check "nothing was taken" says 600 k get te ssa -o 'jsonpath={.spec.ttlSeconds}'
  check "--force-conflicts takes it" says "testenvironment.berth.dev/ssa serverside-applied" k apply --server-side --field-manager other --force-conflicts -f "$WORK/ssa2.yaml"
  check "the value is the new one" says 700 k get te ssa -o 'jsonpath={.spec.ttlSeconds}'
  k delete te ssa --wait=false >/dev/null
}

reading() {
  check "get prints the columns" shows '^NAME +PHASE' k get te
  check "get -o wide has more" shows '^NAME +PHASE.*' k get te -o wide
  check "get -o name" says testenvironment.berth.dev/web k get te web -o name
  check "get by label" says testenvironment.berth.dev/web k get te -l app=web -o name
  check "get by a set of labels" says testenvironment.berth.dev/web k get te -l 'app in (web,other),!nope' -o name
  check "get by field" says testenvironment.berth.dev/web k get te --field-selector metadata.name=web -o name
  check "a field that cannot be asked for" fails_with 'field label not supported' k get te --field-selector spec.ttlSeconds=1
  check "get -A" shows "$NS +web " k get te -A
  check "get of a category" shows 'testenvironment' k get berth -o name
  check "get in chunks" shows 'testenvironment.berth.dev/web' k get te --chunk-size=1 -o name
  check "get --sort-by" shows '^web ' k get te --sort-by=.metadata.name
  check "custom columns" shows '^web' k get te -o custom-columns=N:.metadata.name
  check "one that is missing" fails_with 'Error from server (NotFound): testenvironments.berth.dev "nope" not found' k get te nope
  check "a kind that is missing" fails_with "the server doesn't have a resource type" k get nopes
  check "describe shows the events" shows 'Events:' k describe te web
  check "events are listed" shows 'TestEnvironment/web|testenvironment/web' k get events
  if newer_than 20; then check "kubectl events" shows 'web' k events --for te/web; fi
}

changing() {
  check "label" says "testenvironment.berth.dev/web labeled" k label te web color=blue
  check "label again" fails_with "already has a value" k label te web color=red
  check "unlabel" shows '(labeled|unlabeled)$' k label te web color-
  check "annotate" says "testenvironment.berth.dev/web annotated" k annotate te web note=hello
  check "merge patch" says "testenvironment.berth.dev/web patched" k patch te web --type=merge -p '{"spec":{"ttlSeconds":2000}}'
  check "the same again" says "testenvironment.berth.dev/web patched (no change)" k patch te web --type=merge -p '{"spec":{"ttlSeconds":2000}}'
  check "json patch" says "testenvironment.berth.dev/web patched" k patch te web --type=json -p '[{"op":"test","path":"/spec/ttlSeconds","value":2000},{"op":"replace","path":"/spec/ttlSeconds","value":2100}]'
  check "a json patch whose test fails" fails_with 'The request is invalid' k patch te web --type=json -p '[{"op":"test","path":"/spec/ttlSeconds","value":1}]'
  check "a strategic patch is refused" fails_with 'application/merge-patch+json' k patch te web --type=strategic -p '{}'
  check "a patch with a stale version" fails_with 'the object has been modified' k patch te web --type=merge -p '{"metadata":{"resourceVersion":"1"}}'
  k get te web -o json | jq '.spec.ttlSeconds = 2200' >"$WORK/replace.json"
  check "replace" says "testenvironment.berth.dev/web replaced" k replace -f "$WORK/replace.json"
  check "replace with the old version" fails_with 'the object has been modified' k replace -f "$WORK/replace.json"
  check "edit" env KUBE_EDITOR="sed -i s/2200/2300/" timeout 60 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" edit te web
  check "edit changed it" says 2300 k get te web -o 'jsonpath={.spec.ttlSeconds}'
  check "create of one that is there" fails_with 'AlreadyExists' k create -f "$WORK/web.yaml"
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {generateName: gen-}\nspec: {services: [{name: a, image: %s, command: [sleep, "600"]}]}\n' "$BUSYBOX" >"$WORK/gen.yaml"
  check "create with generateName" shows '^testenvironment.berth.dev/gen-[a-z0-9]{5} created$' k create -f "$WORK/gen.yaml"
}

shown_twice() { [ "$(grep -c '^web ' "$WORK/watched")" -ge 2 ]; }
waiting() {
  check "wait for Ready" says "testenvironment.berth.dev/web condition met" k wait --for=condition=Ready te/web --timeout=60s
  check "wait for what does not come" fails_with 'timed out' k wait --for=condition=Nope te/web --timeout=1s
  if newer_than 22; then
    check "wait for a jsonpath" says "testenvironment.berth.dev/web condition met" k wait --for=jsonpath='{.status.phase}'=Ready te/web --timeout=10s
  fi
  timeout 60 "$KUBECTL" --kubeconfig "$WORK/kubeconfig" get te -w --no-headers >"$WORK/watched" 2>&1 &
  local watcher=$!
  eventually 10 "get -w lists" grep -q '^web ' "$WORK/watched"
  k label te web seen=yes >/dev/null
  eventually 10 "get -w shows a change" shown_twice
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
}

core_kinds() {
  check "create ns" says "namespace/n-$K_MINOR created" k create ns "n-$K_MINOR"
  check "label ns" says "namespace/n-$K_MINOR labeled" k label ns "n-$K_MINOR" a=b
  check "strategic patch of a namespace" says "namespace/n-$K_MINOR patched" k patch ns "n-$K_MINOR" -p '{"metadata":{"labels":{"c":"d"}}}'
  check "describe ns" shows 'Active' k describe ns "n-$K_MINOR"
  check "create configmap" says "configmap/cm created" k -n "n-$K_MINOR" create configmap cm --from-literal=a=1
  check "create secret" says "secret/s created" k -n "n-$K_MINOR" create secret generic s --from-literal=p=geheim
  check "the secret is kept as base64" says "Z2VoZWlt" k -n "n-$K_MINOR" get secret s -o 'jsonpath={.data.p}'
  check "get secrets" shows '^s +Opaque +1 ' k -n "n-$K_MINOR" get secrets
  check "create quota" says "resourcequota/q created" k -n "n-$K_MINOR" create quota q --hard=count/testenvironments.berth.dev=1
  check "one environment fits the quota" shows created k -n "n-$K_MINOR" apply -f "$WORK/web.yaml"
  check "a second one does not" fails_with 'exceeded quota: q' k -n "n-$K_MINOR" apply -f "$WORK/gen2.yaml"
  check "delete ns takes all with it" says "namespace \"n-$K_MINOR\" deleted" k delete ns "n-$K_MINOR"
  check "nothing is left" says "" k -n "n-$K_MINOR" get te -o name
  check "default cannot go" fails_with 'this namespace may not be deleted' k delete ns default --wait=false
}

deleting() {
  check "a dry run of delete" shows 'server dry run' k delete te web --dry-run=server
  check "it is still there" says testenvironment.berth.dev/web k get te web -o name
  check "delete waits until it is gone" says "$(deleted testenvironment.berth.dev web)" k delete te web
  check "it is gone" fails_with NotFound k get te web
  check "delete of one that is missing" fails_with 'testenvironments.berth.dev "web" not found' k delete te web
  check "--ignore-not-found" says "" k delete te web --ignore-not-found
  check "delete --all" shows 'deleted' k delete te --all
  check "nothing is left" says "" k get te -o name
  k apply -f "$WORK/web.yaml" >/dev/null
  check "delete -f" says "$(deleted testenvironment.berth.dev web)" k delete -f "$WORK/web.yaml"
}

start_for_kubectl
environment gen2 >"$WORK/gen2.yaml"
for client in "${KUBECTLS[@]}"; do
  use_kubectl "$client"
  NS=objects-$K_MINOR
  k create ns "$NS" >/dev/null
  k config set-context --current --namespace="$NS" >/dev/null
  discovery
  apply_client_side
  apply_server_side
  waiting
  reading
  changing
  core_kinds
  deleting
  k delete ns "$NS" >/dev/null
done
check "the engine is clean" engine_is_clean
