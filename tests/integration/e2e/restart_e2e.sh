#!/usr/bin/env bash
# A restart of berthd, orderly or by SIGKILL at any moment, loses nothing and changes nothing on the engine.
. "$(dirname "$0")/lib.sh"
start_berthd

for i in 1 2 3; do web_environment "keep-$i" web peer | put "keep-$i.yaml"; done
eventually 90 "all Ready" phases_are Ready 3
picture() { docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}} {{.Ports}}' | sort; docker network ls --no-trunc -q | sort
  docker ps -aq | xargs docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' | sort; }
before=$(picture)
objects() { api GET /apis/berth.dev/v1alpha1/testenvironments | jq -S '[.items[] | {m: .metadata, s: .status.env, p: .status.phase}]'; }
objects_before=$(objects)
check "SIGTERM ends it with status 0" stop_berthd
start_berthd
sleep 2
check "nothing changed on the engine" same "$(picture)" "$before"
check "no object changed" same "$(objects)" "$objects_before"

kill_berthd
docker kill "$(container_of keep-2 web)" >/dev/null
rm "$MANIFESTS/keep-3.yaml"
start_berthd
runs() { same "$(docker inspect -f '{{.State.Running}}' "$(container_of "$1" "$2")")" true; }
eventually 20 "what died meanwhile runs again" runs keep-2 web
eventually 30 "what was deleted meanwhile is gone" gone ci/keep-3
check "its containers too" same "$(container_of keep-3 web)$(container_of keep-3 peer)" ""
eventually 20 "the others are Ready" phases_are Ready 2

note "SIGKILL in the middle of things, ten times"
for round in $(seq 10); do
  web_environment "crash-$round" web peer | put "crash-$round.yaml"
  [ "$round" -gt 3 ] && rm -f "$MANIFESTS/crash-$((round - 3)).yaml"
  sleep "0.$((RANDOM % 9))"
  kill_berthd
  start_berthd
done
# What a removed manifest leaves is still going when the others are Ready.
ours_are() { same "$(ours "$1" | wc -l)" "$2"; }
eventually 120 "it converges" phases_are Ready 5
eventually 20 "one network an environment" ours_are networks 5
eventually 20 "two containers an environment" ours_are containers 10
rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
eventually 20 "the engine is clean" engine_is_clean
