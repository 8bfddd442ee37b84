#!/usr/bin/env bash
# The kinds of Kubernetes itself: namespaces, secrets, config maps, quotas, events; deletion and the garbage collector.
. "$(dirname "$0")/lib.sh"
start_berthd
V1=/api/v1/namespaces
send() { # METHOD PATH JSON
  api "$1" "$2" -H 'Content-Type: application/json' -d "$3"
}
told() { jq -r '"\(.code) \(.reason) \(.message)"'; }
missing() { same "$(api GET "$1" | jq -r .code)" 404; }
environment() { # NAME [METADATA MEMBERS]
  printf '{"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment","metadata":{"name":"%s"%s},"spec":{"services":[{"name":"web","image":"%s","command":["sleep","1000"],"resources":{"requests":{"cpu":"100m","memory":"16Mi"}}}]}}' "$1" "${2:-}" "$BUSYBOX"
}

note "secrets and config maps"
check "stringData goes into data" same "$(send POST "$V1/kinds/secrets" '{"metadata":{"name":"s"},"stringData":{"a":"b"}}' | jq -c '[.data, .stringData, .type]')" '[{"a":"Yg=="},null,"Opaque"]'
check "what is no base64 is refused" same "$(send POST "$V1/kinds/secrets" '{"metadata":{"name":"t"},"data":{"a":"hunter2!"}}' | told | cut -d: -f1-2)" \
  '400 BadRequest Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 7 of data[a]'
send POST "$V1/kinds/configmaps" '{"metadata":{"name":"fixed"},"data":{"a":"b"},"immutable":true}' >/dev/null
check "what is immutable stays" same "$(send PUT "$V1/kinds/configmaps/fixed" '{"metadata":{"name":"fixed"},"data":{"a":"c"},"immutable":true}' | told)" \
  '422 Invalid ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set'
check "keys are checked" same "$(send POST "$V1/kinds/configmaps" '{"metadata":{"name":"k"},"data":{"a b":""}}' | jq -r '.details.causes[0].field')" 'data[a b]'

note "events"
check "an event is in the namespace of its object" same \
  "$(send POST "$V1/default/events" '{"metadata":{"name":"x1"},"involvedObject":{"kind":"TestEnvironment","namespace":"other","name":"web"}}' | told)" \
  '422 Invalid Event "x1" is invalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace'
check "and shows what clients read" same \
  "$(send POST "$V1/kinds/events" '{"metadata":{"name":"x1"},"involvedObject":{"kind":"TestEnvironment","namespace":"kinds","name":"web"}}' | jq -c '[.source, .firstTimestamp, .eventTime, .reportingComponent]')" \
  '[{},null,null,""]'

note "kinds for reading"
check "nobody else writes pods" same "$(send POST "$V1/kinds/pods" '{"metadata":{"name":"p"}}' | told)" '405 MethodNotAllowed create is not supported on resources of kind "pods"'
check "there is no Service" same "$(api GET /api/v1/services | jq -c .items)" '[]'

note "garbage collection"
owner() { printf ',"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"%s","uid":"%s","blockOwnerDeletion":true}]' "$1" "$2"; }
for policy in Background Foreground Orphan; do
  uid=$(send POST "$V1/kinds/configmaps" '{"metadata":{"name":"owner"}}' | jq -r .metadata.uid)
  send POST "$V1/kinds/configmaps" "{\"metadata\":{\"name\":\"dep\"$(owner owner "$uid")}}" >/dev/null
  send DELETE "$V1/kinds/configmaps/owner" "{\"propagationPolicy\":\"$policy\"}" >/dev/null
  eventually 5 "$policy: the owner goes" missing "$V1/kinds/configmaps/owner"
  if [ "$policy" = Orphan ]; then
    check "the dependent stays, without an owner" same "$(api GET "$V1/kinds/configmaps/dep" | jq -r .metadata.ownerReferences)" null
  else
    eventually 5 "$policy: the dependent goes" missing "$V1/kinds/configmaps/dep"
  fi
done
uid=$(send POST "$V1/kinds/configmaps" '{"metadata":{"name":"owner"}}' | jq -r .metadata.uid)
environment owned "$(owner owner "$uid")" | api POST "$ENVS/kinds/testenvironments" -H 'Content-Type: application/json' --data-binary @- >/dev/null
eventually 20 "an environment that has an owner is Ready" phase_is kinds/owned Ready
send DELETE "$V1/kinds/configmaps/owner" '{"propagationPolicy":"Foreground"}' >/dev/null
eventually 20 "it goes with its owner" gone kinds/owned
eventually 5 "which waits for it" missing "$V1/kinds/configmaps/owner"
check "its containers are gone" test -z "$(ours containers)"

note "collections"
for name in a b c; do send POST "$V1/many/configmaps" "{\"metadata\":{\"name\":\"$name\",\"labels\":{\"keep\":\"$([ $name = c ] && echo yes || echo no)\"}}}" >/dev/null; done
check "a collection goes by its selector" same "$(api DELETE "$V1/many/configmaps?labelSelector=keep%3Dno" | jq -r '"\(.kind) \([.items[].metadata.name] | join(","))"')" "ConfigMapList a,b"
check "and leaves the others" same "$(api GET "$V1/many/configmaps" | jq -r '[.items[].metadata.name] | join(",")')" c

note "quotas"
send POST "$V1/small/resourcequotas" '{"metadata":{"name":"q"},"spec":{"hard":{"count/testenvironments.berth.dev":"1","requests.cpu":"150m"}}}' >/dev/null
environment one | api POST "$ENVS/small/testenvironments" -H 'Content-Type: application/json' --data-binary @- >/dev/null
check "a second environment is too many" same "$(environment two | api POST "$ENVS/small/testenvironments" -H 'Content-Type: application/json' --data-binary @- | told)" \
  '403 Forbidden testenvironments.berth.dev "two" is forbidden: exceeded quota: q, requested: count/testenvironments.berth.dev=1,requests.cpu=100m, used: count/testenvironments.berth.dev=1,requests.cpu=100m, limited: count/testenvironments.berth.dev=1,requests.cpu=150m'
used() { same "$(api GET "$V1/small/resourcequotas/q" | jq -c .status.used)" "$1"; }
eventually 5 "what is used is told" used '{"count/testenvironments.berth.dev":"1","requests.cpu":"100m"}'
{ printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: filed, namespace: small}\nspec:\n  services:\n'; web_service web; } | put filed.yaml
eventually 10 "a file beyond the quota is told" grep -q 'exceeded quota: q' "$LOG"
rm "$MANIFESTS/filed.yaml"

note "namespaces"
check "default stays" same "$(api DELETE "$V1/default" | told)" '403 Forbidden namespaces "default" is forbidden: this namespace may not be deleted'
eventually 20 "Ready" phase_is small/one Ready
check "a namespace is Terminating first" same "$(send DELETE "$V1/small" '{"propagationPolicy":"Background"}' | jq -r '"\(.status.phase) \(.spec.finalizers | join(","))"')" "Terminating kubernetes"
check "nothing new is made in it" same "$(environment late | api POST "$ENVS/small/testenvironments" -H 'Content-Type: application/json' --data-binary @- | jq -r '"\(.code) \(.details.causes[0].reason)"')" "403 NamespaceTerminating"
eventually 20 "it is gone with all that was in it" missing "$V1/small"
check "the environment too" gone small/one
check "and the quota" missing "$V1/small/resourcequotas/q"

note "what was going when berthd died goes on"
environment last | api POST "$ENVS/kinds/testenvironments" -H 'Content-Type: application/json' --data-binary @- >/dev/null
eventually 20 "Ready" phase_is kinds/last Ready
send DELETE "$V1/kinds" '{}' >/dev/null
kill_berthd
start_berthd
eventually 20 "the namespace is gone" missing "$V1/kinds"
check "no environment is left" no_environment
check "the engine is clean" engine_is_clean
