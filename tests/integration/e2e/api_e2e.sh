#!/usr/bin/env bash
# The HTTP API: shapes, errors, watch, and who may come in.
. "$(dirname "$0")/lib.sh"
start_berthd
TCP=http://127.0.0.1:${API_PORT:-6480}
TOKEN=$(cat "$DATA/admin.token")
P=$ENVS/ci/testenvironments
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@"; }

check "the data directory is private" same "$(stat -c %a "$DATA")" 700
check "the token is private" same "$(stat -c %a "$DATA/admin.token")" 600
check "the socket is guarded by its mode" same "$(stat -c %a "$WORK/berthd.sock")" 660
for path in /healthz /livez /readyz /version /metrics; do
  check "$path is open" same "$(code "$TCP$path")" 200
done
check "without a token: 401" same "$(code "$TCP$P")" 401
check "a wrong token: 401" same "$(code -H 'Authorization: Bearer nope' "$TCP$P")" 401
check "with it: 200" same "$(code -H "Authorization: Bearer $TOKEN" "$TCP$P")" 200
check "a foreign Host is refused" same "$(code -H "Authorization: Bearer $TOKEN" -H 'Host: evil.example' "$TCP$P")" 403
check "even for health" same "$(code -H 'Host: evil.example' "$TCP/metrics")" 403
check "a foreign Origin is refused" same "$(code -H "Authorization: Bearer $TOKEN" -H 'Origin: https://evil.example' "$TCP$P")" 403
check "a form body is refused" same "$(code -H "Authorization: Bearer $TOKEN" -H 'Content-Type: text/plain' -d '{}' "$TCP$P")" 415

good() { printf '{"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment","metadata":{"name":"%s"},"spec":{"services":[{"name":"web","image":"%s","command":["sleep","1000"]}]}}' "$1" "$BUSYBOX"; }
post() { api POST "$P" -H 'Content-Type: application/json' -d "$1"; }
check "create answers 201" same "$(good api | api POST "$P" -H 'Content-Type: application/json' --data-binary @- -o "$WORK/created" -w '%{http_code}')" 201
check "with a uid and a generation" same "$(jq -r '[(.metadata.uid | length), .metadata.generation] | join(" ")' "$WORK/created")" "36 1"
check "again: 409 AlreadyExists" same "$(post "$(good api)" | jq -r '"\(.code) \(.reason)"')" "409 AlreadyExists"
check "missing: 404 NotFound" same "$(api GET "$P/nope" | jq -r '"\(.code) \(.reason) \(.message)"')" '404 NotFound testenvironments.berth.dev "nope" not found'
check "a list has a resourceVersion" test -n "$(api GET "$P" | jq -r '.metadata.resourceVersion')"
check "a list names its kind" same "$(api GET "$P" | jq -r .kind)" TestEnvironmentList
check "YAML is answered when asked for" grep -q '^kind: TestEnvironment' <(api GET "$P/api" -H 'Accept: application/yaml')

note "bad input"
invalid() { post "$1" | jq -r '"\(.code) \(.reason) " + ([.details.causes[]?.field] | join(","))'; }
bad() { good bad | jq -c "$1"; }
check "a missing image" same "$(invalid "$(bad 'del(.spec.services[0].image)')")" "422 Invalid spec.services[0].image"
check "a wrong enum" same "$(invalid "$(bad '.spec.services[0].restartPolicy = "Sometimes"')")" "422 Invalid spec.services[0].restartPolicy"
check "a field that comes later" same "$(invalid "$(bad '.spec.services[0].volumeMounts = [{name: "x", mountPath: "/x"}]')")" "422 Invalid spec.services[0].volumeMounts"
check "a cycle" same "$(invalid "$(bad '.spec.services += [{name: "b", image: "x", dependsOn: [{service: "web"}]}] | .spec.services[0].dependsOn = [{service: "b"}]')" | cut -d' ' -f1,2)" "422 Invalid"
check "an unknown field, Strict" same "$(bad '.spec.imagge = 1' | api POST "$P?fieldValidation=Strict" -H 'Content-Type: application/json' --data-binary @- | jq -r '"\(.code) \(.reason)"')" "400 BadRequest"
check "no JSON" same "$(post '{"kind": ' | jq -r .code)" 400
check "ports in an internal network" same "$(invalid "$(bad '.spec.network = {internal: true} | .spec.services[0].ports = [{containerPort: 80}]')" | cut -d' ' -f1,2)" "422 Invalid"
check "a junk hostIP" same "$(invalid "$(bad '.spec.services[0].ports = [{containerPort: 80, hostIP: "nope"}]')")" "422 Invalid spec.services[0].ports[0].hostIP"
check "too large a body" same "$(head -c 4000000 /dev/zero | tr '\0' ' ' | api POST "$P" -H 'Content-Type: application/json' --data-binary @- | jq -r .code)" 413
check "nothing half-made stayed" same "$(api GET "$P" | jq '.items | length')" 1

note "replace"
eventually 20 "Ready" phase_is ci/api Ready
api GET "$P/api" >"$WORK/object"
stale=$(jq -c '.metadata.resourceVersion = "1" | .spec.ttlSeconds = 600' "$WORK/object")
check "a stale resourceVersion: 409 Conflict" same "$(api PUT "$P/api" -H 'Content-Type: application/json' -d "$stale" | jq -r '"\(.code) \(.reason)"')" "409 Conflict"
fresh=$(api GET "$P/api" | jq -c '.spec.ttlSeconds = 600 | .status.phase = "Nonsense" | .status.env = {X: "1"}')
check "a fresh one counts the generation up" same "$(api PUT "$P/api" -H 'Content-Type: application/json' -d "$fresh" | jq -r .metadata.generation)" 2
check "and leaves status alone" test "$(field ci/api .status.env.X)" = null
lease=$(api GET "$P/api" | jq -c '.status.network.subnet = "10.0.0.0/8"')
api PUT "$P/api/status" -H 'Content-Type: application/json' -d "$lease" >/dev/null
check "nobody else writes allocations" test "$(field ci/api .status.network.subnet)" != 10.0.0.0/8

note "watch"
revision=$(api GET "$P" | jq -r .metadata.resourceVersion)
timeout 20 curl -sN --unix-socket "$WORK/berthd.sock" "http://localhost$P?watch=1&resourceVersion=$revision" >"$WORK/watch" &
watcher=$!
good watched | api POST "$P" -H 'Content-Type: application/json' --data-binary @- >/dev/null
eventually 20 "Ready" phase_is ci/watched Ready
api DELETE "$P/watched" >/dev/null
eventually 20 "gone" gone ci/watched
sleep 0.2
kill "$watcher" 2>/dev/null || true
types() { jq -r 'select(.object.metadata.name == "watched") | .type' "$WORK/watch"; }
check "first ADDED" same "$(types | head -n 1)" ADDED
check "last DELETED" same "$(types | tail -n 1)" DELETED
check "revisions only grow" same "$(jq -r .object.metadata.resourceVersion "$WORK/watch")" "$(jq -r .object.metadata.resourceVersion "$WORK/watch" | sort -n | uniq)"
check "a watch from long ago is Expired or complete" test -n "$(curl -sN --max-time 1 --unix-socket "$WORK/berthd.sock" "http://localhost$P?watch=1&resourceVersion=1" | jq -r 'select(.type == "ERROR" or .type == "ADDED") | .type' | head -n 1)"

check "delete answers" same "$(api DELETE "$P/api" | jq -r '.metadata.deletionTimestamp != null or .status == "Success"')" true
eventually 20 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
