# Shared by the scenarios of the real kubectl. Source it after lib.sh.
# Clients: what clients.sh unpacked below BERTH_TEST_CLIENTS, Debian 12's kubectl and newer ones.
API_PORT=${API_PORT:-6480}
TLS_PORT=${TLS_PORT:-6481}
FLAGS+=(--listen "https://127.0.0.1:$TLS_PORT")

KUBECTLS=()
declare -A seen=()  # each version once
for candidate in "${BERTH_TEST_CLIENTS:?folder of the clients}"/kubectl-*/usr/bin/kubectl; do
  [ -x "$candidate" ] || continue
  version=$("$candidate" version --client -o json | jq -r .clientVersion.gitVersion)
  [ -z "${seen[$version]:-}" ] && KUBECTLS+=("$candidate")
  seen[$version]=yes
done
[ "${#KUBECTLS[@]}" -gt 0 ] || fail "no kubectl below $BERTH_TEST_CLIENTS: the test clients.fetch gets them"

# use_kubectl PATH: sets K_MINOR (20, 32, 36, ...), and an empty home so that no cache of another version helps.
use_kubectl() {
  KUBECTL=$1
  K_MINOR=$("$KUBECTL" version --client -o json | jq -r '.clientVersion.minor | sub("[^0-9].*"; "")')
  export HOME=$WORK/home-$K_MINOR
  mkdir -p "$HOME"
  note "--- kubectl 1.$K_MINOR"
}
newer_than() { [ "$K_MINOR" -gt "$1" ]; }
k() { timeout "${K_TIMEOUT:-60}" "$KUBECTL" --kubeconfig "$WORK/kubeconfig" "$@"; }

# says "TEXT" COMMAND...: it succeeds, and its output (both streams) is TEXT, line for line.
says() {
  local want=$1 got status=0
  shift
  got=$("$@" 2>&1) || status=$?
  [ "$status" -eq 0 ] && [ "$got" = "$want" ] || { printf 'status %s\ngot:  %s\nwant: %s\n' "$status" "$got" "$want" >&2; return 1; }
}
# shows REGEX COMMAND...: it succeeds, and its output has a line that matches.
shows() {
  local want=$1 got status=0
  shift
  got=$("$@" 2>&1) || status=$?
  [ "$status" -eq 0 ] && grep -qE -- "$want" <<<"$got" || { printf 'status %s\ngot:  %s\nwant: %s\n' "$status" "$got" "$want" >&2; return 1; }
}
# ends_with STATUS COMMAND...
ends_with() {
  local want=$1 status=0 got
  shift
  got=$("$@" 2>&1) || status=$?
  [ "$status" -eq "$want" ] || { printf 'status %s, want %s\n%s\n' "$status" "$want" "$got" >&2; return 1; }
}

start_for_kubectl() {
  start_berthd "$@"
  "$BERTH_BIN/berthctl" --server "https://127.0.0.1:$TLS_PORT" --token-file "$DATA/admin.token" \
    --certificate-authority "$DATA/tls/ca.crt" kubeconfig --output "$WORK/kubeconfig"
}
