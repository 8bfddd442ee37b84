#!/usr/bin/env bash
# The store is lost, emptied, or an old one comes back, while containers live: nothing is deleted unasked. reap --yes and adopt end that.
. "$(dirname "$0")/lib.sh"
FLAGS=(--instance lost)

create() { # NAME: through the API; nothing but the store knows it
  web_environment "$1" web | api POST "$ENVS/ci/testenvironments" -H 'Content-Type: application/yaml' --data-binary @- >/dev/null
}
restart_with() { # COMMAND: what happens to the data directory while berthd is away
  check "berthd stops" stop_berthd
  "$@"
  start_berthd
}
picture() { docker ps -aq --no-trunc --filter "label=berth.dev/environment=$1" | sort | xargs -r docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
  docker network ls -q --no-trunc --filter "label=berth.dev/environment=$1" | sort; }
all() { for name in a b c; do picture "$name"; done; }
orphans() { ctl reap -o json | jq -r "[.orphans[].environment] | unique | join(\" \")"; }
orphans_are() { same "$(orphans)" "$1"; }
held() { same "$(ctl reap -o json | jq .held)" true; }
answers() { curl -sf --max-time 2 "http://$1/"; }

start_berthd
create a
create b
eventually 60 "two are Ready" phases_are Ready 2
a=$(field ci/a '.status.endpoints["web.http"]')
before=$(all)
check "berthd stops" stop_berthd
cp -a "$DATA" "$WORK/backup"
start_berthd
create c
eventually 60 "a third, which the backup does not know" phases_are Ready 3
before_c=$(picture c)

note "the data directory is lost"
lose() { mv "$DATA" "$WORK/lost"; }
restart_with lose
eventually 10 "it holds back" held
check "it tells what it does not know" orphans_are "a b c"
web_environment a web | put a.yaml
eventually 40 "work goes on beside it" phase_is ci/a Ready
check "the new one of the same name got another port" test "$(field ci/a '.status.endpoints["web.http"]')" != "$a"
sleep 11
check "nothing was deleted unasked" same "$(docker ps -q --filter label=berth.dev/instance=lost --filter status=running | wc -l)" 4
check "what lives answers" answers "$a"
check "reap without --yes removes nothing" same "$(ctl reap 2>/dev/null | grep -c '^container')" 3
rm "$MANIFESTS/a.yaml"
eventually 20 "the new one goes" gone ci/a
check "the old ones stay" same "$(all)" "$before
$before_c"

note "adopted"
check "adopt keeps them" ctl adopt
check "it holds nothing back then" same "$(ctl reap -o json | jq .held)" false
restart_with true
sleep 2
check "also after a restart" same "$(all)" "$before
$before_c"

note "the store is found again"
find_again() { mv "$DATA" "$WORK/second"; mv "$WORK/lost" "$DATA"; }
restart_with find_again
eventually 20 "all are Ready as they were" phases_are Ready 3
check "nothing changed on the engine" same "$(all)" "$before
$before_c"

note "an old store comes back"
restore() { rm -rf "$DATA"; cp -a "$WORK/backup" "$DATA"; }
restart_with restore
eventually 20 "what it knows is Ready" phases_are Ready 2
eventually 10 "it holds back" held
sleep 2
check "what it does not know is not deleted unasked" same "$(picture c)" "$before_c"
check "but told" orphans_are c
restart_with true
sleep 2
check "also after another restart" same "$(picture c)" "$before_c"
check "reap --yes removes it" ctl reap --yes
check "and only it" same "$(all)" "$before"

note "the store is emptied"
empty() { : >"$DATA/berth.db"; rm -f "$DATA"/berth.db-*; }
restart_with empty
eventually 10 "it holds back" held
check "it tells what it does not know" orphans_are "a b"
check "nothing was deleted unasked" same "$(all)" "$before"
check "reap --yes removes it" ctl reap --yes
check "nothing of it is left" engine_is_clean
create d
eventually 30 "work goes on" phase_is ci/d Ready
check "delete works" ctl delete te d -n ci
check "the engine is clean" engine_is_clean
