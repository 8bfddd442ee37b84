#!/usr/bin/env bash
# TLS as the real curl sees it: berthd's own authority, who is let in, what comes instead of TLS, real certificates, kubeconfig.
. "$(dirname "$0")/lib.sh"
PORT=6483
URL=https://127.0.0.1:$PORT
P=$ENVS/ci/testenvironments
TRY=$WORK/try
FLAGS=(--listen "$URL")
own() { curl -s --max-time 10 --cacert "$DATA/tls/ca.crt" "$@"; }
code() { own -o /dev/null -w '%{http_code}' "$@"; }
refused() { fails_with "$1" timeout 10 "$BERTH_BIN/berthd" --data-dir "$TRY" "${@:2}"; }
mode() { stat -c %a "$DATA/tls/$1"; }
serves() { curl -sf -o /dev/null --max-time 5 --cacert "$1" "$URL/healthz"; }

start_berthd
TOKEN=$(cat "$DATA/admin.token")
bearer=(-H "Authorization: Bearer $TOKEN")

note "its own authority"
check "the directory is private" same "$(mode .)" 700
check "the authority's key is private" same "$(mode ca.key)" 600
check "the server's key is private" same "$(mode server.key)" 600
check "with its authority, curl verifies it" same "$(own "$URL/healthz")" ok
check "by its name too" same "$(own "https://localhost:$PORT/healthz")" ok
check "without it, curl does not" fails_with "" curl -sS --max-time 10 "$URL/healthz"
check "nor under another name" fails_with "" own --connect-to "other.example:$PORT:127.0.0.1:$PORT" "https://other.example:$PORT/healthz"
check "TLS 1.1 is refused" fails_with "" own --tls-max 1.1 "$URL/healthz"
check "TLS 1.2 is spoken" same "$(own --tls-max 1.2 "$URL/healthz")" ok
check "HTTP/1.1 is chosen, whatever is offered" same "$(own --http2 -o /dev/null -w '%{http_version}' "$URL/healthz")" 1.1

note "who comes in"
check "without a token: 401" same "$(code "$URL$P")" 401
check "a wrong token: 401" same "$(code -H 'Authorization: Bearer nope' "$URL$P")" 401
check "even where none is needed" same "$(code -H 'Authorization: Bearer nope' "$URL/healthz")" 401
check "with it: 200" same "$(code "${bearer[@]}" "$URL$P")" 200
check "a foreign Host is refused" same "$(code "${bearer[@]}" -H 'Host: evil.example' "$URL$P")" 403
check "a name of the certificate is not foreign" same "$(code "${bearer[@]}" -H 'Host: kubernetes' "$URL$P")" 200
check "a foreign Origin is refused" same "$(code "${bearer[@]}" -H 'Origin: https://evil.example' "$URL$P")" 403
check "its own is not" same "$(code "${bearer[@]}" -H "Origin: $URL" "$URL$P")" 200

note "what is no TLS"
check "plain HTTP is told so" same "$(curl -s --max-time 10 "http://127.0.0.1:$PORT/healthz")" "Client sent an HTTP request to an HTTPS server."
check "as a 400" same "$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 "http://127.0.0.1:$PORT/healthz")" 400
for garbage in 'SSH-2.0-OpenSSH_9.2' '\x16\x03\x01\x00\x05hello' '\x00\x00\x00\x00\x00\x00\x00\x00'; do
  (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf "$garbage\r\n" >&3 && timeout 10 cat <&3 >/dev/null) || true
done
rss() { awk '/^VmRSS/{print $2}' "/proc/$BERTHD_PID/status"; }
before=$(rss)
for _ in $(seq 300); do (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' >&3 && sleep 3) 2>/dev/null & done
check "300 clients that stop in the middle hold up nobody" same "$(own "$URL/healthz")" ok
sleep 1
check "and cost little" test "$(($(rss) - before))" -lt 30000
eventually 20 "it serves on" serves "$DATA/tls/ca.crt"

note "large answers"
check "gzip for who takes it" same "$(own "${bearer[@]}" -H 'Accept-Encoding: gzip' -o "$WORK/v2.gz" -D - "$URL/openapi/v2" | tr -d '\r' | grep -i '^content-encoding')" "Content-Encoding: gzip"
check "it unpacks to the same" same "$(gzip -dc "$WORK/v2.gz" | sha256sum)" "$(own "${bearer[@]}" "$URL/openapi/v2" | sha256sum)"
check "small ones stay as they are" test -z "$(own "${bearer[@]}" -H 'Accept-Encoding: gzip' -o /dev/null -D - "$URL/version" | grep -i '^content-encoding')"

note "berthctl"
https_ctl() { timeout 20 "$BERTH_BIN/berthctl" --data-dir "$DATA" "$@"; }
check "it finds address, authority and token in the data directory" same "$(https_ctl version -o json | jq -r '.server.major')" "$(api GET /version | jq -r .major)"
check "also when it is told the address" https_ctl --server "$URL" get te
check "it says what it does not trust" fails_with "not trusted" timeout 20 "$BERTH_BIN/berthctl" --data-dir "$WORK/nowhere" --server "$URL" get te
check "and how to go on" fails_with "--certificate-authority" timeout 20 "$BERTH_BIN/berthctl" --data-dir "$WORK/nowhere" --server "$URL" get te
check "which works" timeout 20 "$BERTH_BIN/berthctl" --data-dir "$WORK/nowhere" --server "$URL" --certificate-authority "$DATA/tls/ca.crt" --token-file "$DATA/admin.token" get te

note "kubeconfig"
https_ctl -n ci kubeconfig --output "$WORK/kubeconfig"
check "it is private" same "$(stat -c %a "$WORK/kubeconfig")" 600
line() { sed -n "s/^ *$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$WORK/kubeconfig"; }
check "it has the address" same "$(line server)" "$URL"
check "the authority" same "$(line certificate-authority-data | base64 -d)" "$(cat "$DATA/tls/ca.crt")"
check "the token" same "$(line token)" "$TOKEN"
check "the namespace" same "$(line namespace)" ci
check "the context" same "$(line current-context)" berth
check "it is printed without --output" same "$(https_ctl -n ci kubeconfig)" "$(cat "$WORK/kubeconfig")"
printf 'apiVersion: v1\nclusters: []\n' >"$WORK/others"
check "another file is not replaced" fails_with "was not written by berthctl" https_ctl kubeconfig --output "$WORK/others"
check "without a token it says so" fails_with "no token" timeout 20 "$BERTH_BIN/berthctl" --data-dir "$WORK/nowhere" kubeconfig

note "restart"
authority=$(sha256sum <"$DATA/tls/ca.crt") server=$(sha256sum <"$DATA/tls/server.crt")
stop_berthd
start_berthd
check "authority and certificate are kept" same "$(sha256sum <"$DATA/tls/ca.crt")$(sha256sum <"$DATA/tls/server.crt")" "$authority$server"
stop_berthd
start_berthd --tls-san ci.example --listen https://127.0.0.9:6484
check "other names need another certificate" test "$(sha256sum <"$DATA/tls/server.crt")" != "$server"
check "of the same authority" same "$(sha256sum <"$DATA/tls/ca.crt")" "$authority"
check "an address of --listen is in it" same "$(own https://127.0.0.9:6484/healthz)" ok
check "so is --tls-san" same "$(own --connect-to "ci.example:$PORT:127.0.0.1:$PORT" "https://ci.example:$PORT/healthz")" ok
stop_berthd

note "a certificate of one's own"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$WORK/real.key" -out "$WORK/real.crt" -days 2 \
  -subj /CN=real -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
start_berthd --tls-cert "$WORK/real.crt" --tls-key "$WORK/real.key"
check "it is served" serves "$WORK/real.crt"
check "instead of the other" fails_with "" serves "$DATA/tls/ca.crt"
held() { https_ctl kubeconfig | sed -n 's/^ *certificate-authority-data: //p' | base64 -d; }
check "it is its own issuer, so the kubeconfig holds it" same "$(held)" "$(cat "$WORK/real.crt")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$WORK/real.key" -out "$WORK/real.crt" -days 2 \
  -subj /CN=next -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
check "a new one is not read by itself" fails_with "" serves "$WORK/real.crt"
kill -HUP "$BERTHD_PID"
eventually 5 "SIGHUP reads it" serves "$WORK/real.crt"
echo broken >"$WORK/real.key"
kill -HUP "$BERTHD_PID"
sleep 0.5
check "a broken one is not taken" serves "$WORK/real.crt"
stop_berthd
start_berthd --tls-cert "$DATA/tls/server.crt" --tls-key "$DATA/tls/server.key"
check "of one whose issuer is not in its file the kubeconfig holds none: that is the system's" same "$(held)" ""
https_ctl kubeconfig --output "$WORK/none.kubeconfig" 2>"$WORK/said"
check "and it says so" grep -q "give --certificate-authority FILE" "$WORK/said"
stop_berthd

note "what is wrong is refused at start, by name"
check "a pair that does not fit" refused "is not the one of the certificate" --listen "$URL" --tls-cert "$WORK/real.crt" --tls-key "$DATA/tls/server.key"
check "a key that is none" refused "--tls-key $WORK/real.key" --listen "$URL" --tls-cert "$WORK/real.crt" --tls-key "$WORK/real.key"
check "a file that is not there" refused "--tls-cert: $WORK/none.crt" --listen "$URL" --tls-cert "$WORK/none.crt" --tls-key "$WORK/real.key"
check "one without the other" refused "--tls-key is missing" --tls-cert "$WORK/real.crt"
check "other addresses without TLS" refused "without TLS only loopback" --listen http://0.0.0.0:6484
start_berthd --listen https://0.0.0.0:6484
check "with TLS they are fine" same "$(own https://127.0.0.1:6484/healthz)" ok
check "SIGTERM ends it with status 0" stop_berthd
