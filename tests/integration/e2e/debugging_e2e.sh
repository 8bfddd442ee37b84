#!/usr/bin/env bash
# Looking into what goes wrong, with berthctl against a real berthd and engine.
. "$(dirname "$0")/lib.sh"
start_berthd
ctlci() { ctl -n ci "$@"; }
PLANTED=planted-secret-4711
cat >"$WORK/shop.yaml" <<YAML
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: shop, namespace: ci}
spec:
  services:
  - name: web
    image: $BUSYBOX
    command: [sh, -c, "echo web \$API_TOKEN; mkdir -p /www && echo web > /www/index.html && exec httpd -f -p 8080 -h /www"]
    env: [{name: API_TOKEN, value: $PLANTED}, {name: MODE, value: visible-mode}]
    ports: [{name: http, containerPort: 8080, env: WEB_PORT}]
    readinessProbe: {tcpSocket: {port: http}}
  - name: talk
    image: $BUSYBOX
    command: [sh, -c, "i=0; while true; do i=\$((i+1)); echo talk \$i; [ -e /die ] && rm /die && exit 3; sleep 0.3; done"]
  - name: echo
    image: $BUSYBOX
    command: [sh, -c, "while true; do nc -l -p 7000 -e sh -c 'wc -c'; done"]
    resources: {limits: {memory: 64Mi}}
YAML
ctlci apply -f "$WORK/shop.yaml" >/dev/null
check "it is Ready" ctlci wait te/shop --for=condition=Ready --timeout 60s

note "logs"
ctlci logs shop --timestamps >"$WORK/logs"
check "logs has every service" grep -q "^web  | .* web $PLANTED" "$WORK/logs"
check "with its name in front" grep -q '^talk | .* talk 1$' "$WORK/logs"
check "in the order of time" diff <(sed 's/^[a-z]* *| //' "$WORK/logs" | cut -d' ' -f1) <(sed 's/^[a-z]* *| //' "$WORK/logs" | cut -d' ' -f1 | sort)
check "--tail is per service" same "$(ctlci logs shop -c talk -c web --tail 1 | wc -l)" 2
since=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
check "--since-time leaves out what was before" same "$(ctlci logs shop -c web --since-time "$since" | wc -l)" 0
check "--color always" grep -q $'\x1b\\[36mweb' <(ctlci logs shop --color always)
check "no colours in a pipe" same "$(ctlci logs shop | grep -c $'\x1b' || true)" 0
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci logs -f shop -c talk --tail 1 >"$WORK/follow" 2>"$WORK/follow.err" &
follower=$!
sleep 1
check "exec touches a file" ctlci exec shop -c talk -- touch /die
followed_again() { grep -qx 'talk 1' "$WORK/follow"; }
eventually 40 "logs -f goes on with the next run of a container" followed_again
kill "$follower"
previous_run() { ctlci logs shop -c talk --previous | grep -q 'talk 1$'; }
eventually 10 "--previous is the run before" previous_run
docker exec "$(container_of shop web)" sh -c 'head -c 40000 /dev/zero | tr "\0" x >/proc/1/fd/1; echo >/proc/1/fd/1'
long_line() { same "$(ctlci logs shop | awk '/^web  \| xxx/ {print length($0)}')" 40007; }
eventually 5 "a long line is one line" long_line

note "exec"
status=0
ctlci exec shop -c web -- sh -c 'echo out; echo err >&2; exit 7' >"$WORK/out" 2>"$WORK/err" || status=$?
check "the exit status is passed on" same "$status" 7
check "standard output" same "$(cat "$WORK/out")" out
check "standard error" same "$(cat "$WORK/err")" err
head -c 300000 /dev/urandom >"$WORK/random"
check "input is handed on to its end" same "$(ctlci exec -i shop/web -- sha256sum <"$WORK/random" | cut -c1-64)" "$(sha256sum <"$WORK/random" | cut -c1-64)"
check "output is whole" same "$(ctlci exec -i shop/web -- cat <"$WORK/random" | sha256sum)" "$(sha256sum <"$WORK/random")"
check "a command that is not there" fails_with "no such file" ctlci exec shop -c web -- /nothing
check "a service must be named" fails_with "one of web, talk, echo" ctlci exec shop -- true
in_terminal() { # COMMAND with a terminal of 100x30; keys from standard input
  timeout 30 script -qec "stty cols 100 rows 30; $BERTH_BIN/berthctl --server unix://$WORK/berthd.sock -n ci $1" /dev/null
}
check "a terminal has the size of ours" grep -q '30 100' <(in_terminal "exec -it shop -c web -- sh -c 'sleep 0.5; stty size'" </dev/null)
ctrl_c() { { sleep 2; printf '\003'; sleep 1; } | in_terminal "exec -it shop -c web -- sh -c 'trap \"echo caught; exit 9\" INT; echo waiting; i=0; while [ \$i -lt 100 ]; do i=\$((i+1)); sleep 0.1; done'"; }
check "Ctrl-C reaches the process" grep -q caught <(ctrl_c)

note "cp"
mkdir -p "$WORK/tree/sub" && echo one >"$WORK/tree/a" && echo two >"$WORK/tree/sub/b" && ln -s a "$WORK/tree/l" && chmod 750 "$WORK/tree/sub"
check "a file goes in" ctlci cp "$WORK/random" shop:web:/tmp/copy
check "as it is" same "$(ctlci exec shop -c web -- sha256sum /tmp/copy | cut -c1-64)" "$(sha256sum <"$WORK/random" | cut -c1-64)"
check "a directory goes in" ctlci cp "$WORK/tree" shop/web:/tmp
check "with what is in it" same "$(ctlci exec shop -c web -- sh -c 'cat /tmp/tree/sub/b /tmp/tree/l; stat -c %a /tmp/tree/sub; stat -c %u /tmp/tree/a')" "$(printf 'two\none\n750\n0')"
check "a file comes out" ctlci cp shop:web:/tmp/copy "$WORK/back"
check "as it was" cmp "$WORK/random" "$WORK/back"
check "a directory comes out" ctlci cp shop:web:/tmp/tree "$WORK/tree2"
check "as it was" diff -r --no-dereference "$WORK/tree" "$WORK/tree2"
mkdir "$WORK/into" && ctlci cp shop:web:/tmp/tree/. "$WORK/into"
check "DIR/. is what is in it" test -f "$WORK/into/sub/b"
check "- is an archive" grep -q '^tree/sub/b$' <(ctlci cp shop:web:/tmp/tree - | tar tf -)
tar -C "$WORK" -cf - tree | ctlci cp - shop:web:/www
check "both ways" same "$(ctlci exec shop -c web -- cat /www/tree/a)" one
check "what is not there" fails_with "there is no /nothing in the container" ctlci cp shop:web:/nothing "$WORK/x"
check "nor the directory" fails_with "there is no directory /nowhere in the container" ctlci cp "$WORK/random" shop:web:/nowhere/x
head -c 30000000 /dev/urandom >"$WORK/large"
check "a large file goes in" ctlci cp "$WORK/large" shop:web:/tmp/large
check "and comes out" ctlci cp shop:web:/tmp/large "$WORK/large2"
check "whole" cmp "$WORK/large" "$WORK/large2"

note "port-forward"
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci port-forward shop web 28080:http :8080 >"$WORK/forward" 2>"$WORK/forward.err" &
forward=$!
listens() { grep -q 'Forwarding from 127.0.0.1:28080 -> 8080' "$WORK/forward"; }
eventually 10 "it says what it listens on" listens
check "a port is reached" same "$(curl -s --max-time 5 http://127.0.0.1:28080/)" web
any=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) -> 8080$/\1/p' "$WORK/forward" | grep -v 28080)
check "one that is free, too" same "$(curl -s --max-time 5 "http://127.0.0.1:$any/")" web
many() { local i; for i in $(seq 20); do curl -s --max-time 10 http://127.0.0.1:28080/ & done | grep -c web; }
check "twenty at once" same "$(many)" 20
check "a taken port is refused" fails_with "cannot listen on 127.0.0.1:28080" ctlci port-forward shop web 28080:8080
kill -INT "$forward"
check "interrupted it ends well" wait "$forward"
"$BERTH_BIN/berthctl" --server "unix://$WORK/berthd.sock" -n ci port-forward shop/echo 27000:7000 >"$WORK/forward" 2>&1 &
forward=$!
listens() { grep -q 'Forwarding from 127.0.0.1:27000' "$WORK/forward"; }
eventually 10 "it listens" listens
# wc answers once it has seen the end.
half_close() {
  timeout 10 perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:27000") or die; print $s "12345"; $s->flush; shutdown($s, 1); print <$s>'
}
check "the end of what is sent reaches the port" same "$(half_close | tr -d ' ')" 5
kill -INT "$forward"
wait "$forward" || true

note "top"
ctlci top shop -o json >"$WORK/top"
check "top has every service" same "$(jq -r '[.items[] | select(.running) | .service] | sort | join(" ")' "$WORK/top")" "echo talk web"
check "with memory" test "$(jq '.items[] | select(.service == "web") | .memory.bytes' "$WORK/top")" -gt 10000
check "and its limit" same "$(jq '.items[] | select(.service == "echo") | .memory.limitBytes' "$WORK/top")" $((64 * 1024 * 1024))
docker exec -d "$(container_of shop web)" timeout 20 sh -c 'while :; do :; done'
busy() { [ "$(ctlci top shop -o json | jq '.items[] | select(.service == "web") | .cpu.nanoCores')" -gt 100000000 ]; }
eventually 15 "a busy service uses the processor" busy
check "as a table" grep -Eq '^shop +web +[0-9]+m +[0-9.]+[KM]i / ' <(ctlci top)

note "events and diff"
check "events of one" grep -q Started <(ctlci events --for shop)
check "only warnings" same "$(ctlci events --types Warning --for shop --no-headers | awk '{print $2}' | sort -u)" Warning
check "diff of the same is nothing" same "$(ctlci diff -f "$WORK/shop.yaml")" ""
sed -e 's/visible-mode/other-mode/' -e 's/memory: 64Mi/memory: 96Mi/' "$WORK/shop.yaml" >"$WORK/changed.yaml"
status=0
ctlci diff -f "$WORK/changed.yaml" >"$WORK/diff" || status=$?
check "a difference is status 1" same "$status" 1
check "it says what replaces a container" grep -q 'web  *replaces the container (env)' "$WORK/diff"
check "and what does not" grep -q 'echo  *changes in place (resources)' "$WORK/diff"
check "and the lines" grep -q '^+ .*other-mode' "$WORK/diff"
web=$(container_of shop web) echo=$(container_of shop echo)
ctlci apply -f "$WORK/changed.yaml" >/dev/null
replaced() { [ -n "$(container_of shop web)" ] && [ "$(container_of shop web)" != "$web" ]; }
eventually 20 "what it said came true: the one is new" replaced
check "the other is not" same "$(container_of shop echo)" "$echo"
check "it is Ready" ctlci wait te/shop --for=condition=Ready --timeout 60s

note "why and dump"
docker kill "$(container_of shop web)" >/dev/null
healed() { ctlci why shop | grep -q 'Healing.*StartContainer.*service/web'; }
eventually 30 "why tells of the healing" healed
ctlci why shop >"$WORK/why"
check "and of its cause" grep -q 'EngineEvent.*exited with 137' "$WORK/why"
check "and of the change" grep -q 'Changed.*CreateContainer.*service/web.*-> ok' "$WORK/why"
check "as JSON" same "$(ctlci why shop -o json | jq -r '.environments[0].entries[0].cause')" Created
(cd "$WORK" && ctlci dump shop >/dev/null)
tar -C "$WORK" -xzf "$WORK/shop-dump.tar.gz"
for file in environment.yaml events.yaml why.txt pods/shop.web.yaml logs/web.log logs/talk.previous.log engine/info.json version.json; do
  check "the dump has $file" test -s "$WORK/shop-dump/$file"
done
check "and what the engine says" test "$(ls "$WORK/shop-dump/engine/containers" | wc -l)" -eq 3
check "no secret is in it" same "$(grep -rl "$PLANTED" "$WORK/shop-dump" || true)" ""
check "nor another value of a variable" same "$(grep -rl other-mode "$WORK/shop-dump/engine" "$WORK/shop-dump/environment.yaml" || true)" ""
check "but their names" grep -q API_TOKEN "$WORK/shop-dump/environment.yaml"
check "only its owner may read it" same "$(stat -c %a "$WORK/shop-dump.tar.gz")" 600
check "delete" ctlci delete shop --timeout 60s
check "why tells of what is gone" grep -q 'Gone' <(ctlci why shop)
check "why of nobody is an error" fails_with "nothing is known" ctlci why nobody
stop_berthd
