#!/usr/bin/env bash
# Prints everything that may be left behind, one sorted line each, so that `diff before after` is empty when nothing leaked.
#
#   host_snapshot.sh engine      the engine at DOCKER_HOST, every object of it by inspect, and the network it works in;
#                                for a private engine run it with `dockerd.sh exec DIR`
#   host_snapshot.sh host DIR    what a private engine in DIR could leave on its host: before its start and after its stop
#
# REQUIRES: root, jq, iproute2.
set -euo pipefail

section() { sort | sed "s/^/$1: /"; }

# inspected KIND: one line for each field of each object on standard input (ids or names), without what changes by itself (the
# engine lists mounts in any order).
inspected() {
  local objects
  mapfile -t objects
  [ "${#objects[@]}" -eq 0 ] ||
    docker "$1" inspect "${objects[@]}" | jq -r '.[] | del(.ExecIDs, .State.Health.Log, .UsageData) | (.Mounts | arrays) |= sort_by(.Destination) |
      . as $object | ((.Id // "")[0:12] + " " + .Name) as $name | paths(type != "object" and type != "array") as $path |
      "\($name) \($path | map(tostring) | join("."))=\($object | getpath($path) | tojson)"' | section "$1"
}

# A table that was ever used stays, and says nothing: the engine puts rules for SCTP into mangle and takes them away again.
tables_that_say_something() {
  awk '{table = table $0 "\n"} /^-A / || /^:.* -$/ || /^:.* DROP$/ {says = 1} /^COMMIT/ {if (says) printf "%s", table; table = ""; says = 0}'
}

network_of_here() {
  local type tool
  for type in bridge veth; do
    ip -brief link show type "$type" | awk '{sub(/@.*/, "", $1); print $1}' | section "$type"
  done
  # An idle bridge shows as DOWN and keeps its address: the route table is what the host really uses.
  ip -4 route show | sed 's/ linkdown *$//' | section route
  for tool in iptables ip6tables; do
    command -v "$tool-save" >/dev/null || continue
    # The engine was seen to set its own jump to DOCKER-USER twice; every other rule counts as often as it is there.
    "$tool-save" 2>/dev/null | sed -e '/^#/d' -e 's/ \[[0-9]*:[0-9]*\]$//' |
      awk '$0 != "-A FORWARD -j DOCKER-USER" || !seen++' | tables_that_say_something | section "$tool"
  done
}

cgroups() { find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -type d \( -path '*/docker/*' -o -name 'docker-*.scope' \); }
command_lines() { local file; for file in /proc/[0-9]*/cmdline; do tr '\0' ' ' 2>/dev/null <"$file" && echo; done 2>/dev/null || true; }

engine() {
  docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.State}}' | section container
  docker network ls --no-trunc --format '{{.ID}} {{.Name}} {{.Driver}}' | section network
  docker volume ls --format '{{.Name}}' | section volume
  docker image ls --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | section image
  docker ps --all --quiet --no-trunc | inspected container
  docker network ls --quiet --no-trunc | inspected network
  docker volume ls --quiet | inspected volume
  network_of_here
  cgroups | section cgroup
  command_lines | { grep -a '^[^ ]*docker-proxy ' || true; } | section proxy
}

host() {
  local dir=$1 cgroup processes
  # On a host whose own engine is at work, networks and rules come and go without us.
  iptables -w -n -L DOCKER >/dev/null 2>&1 || network_of_here
  # Those of a live engine hold processes; what an engine that is gone left behind is empty.
  cgroups | while read -r cgroup; do [ -n "$(cat "$cgroup/cgroup.procs" 2>/dev/null)" ] || echo "$cgroup"; done | section cgroup
  { grep -F -- "$dir/" /proc/self/mountinfo || true; } | section mount
  processes=$(command_lines | tr -d '\0')
  { grep -aF -e "$dir/exec/" -e "$dir/data" <<<"$processes" || true; } | section process
  if [ -d /run/containerd ]; then echo /run/containerd; fi | section directory
}

case "${1:-} $#" in
  "engine 1") engine ;;
  "host 2") host "$2" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
