#!/usr/bin/env bash
# Prints everything an environment could leave behind on the engine at DOCKER_HOST and on its host, one sorted line each, so
# that `diff before after` is empty when nothing leaked. Needs root; for a private engine run it with `dockerd.sh exec DIR`.
set -euo pipefail

section() { sort | sed "s/^/$1: /"; }

docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.State}}' | section container
docker network ls --no-trunc --format '{{.ID}} {{.Name}} {{.Driver}}' | section network
docker volume ls --format '{{.Name}}' | section volume
docker image ls --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | section image

for type in bridge veth; do
  ip -brief link show type "$type" | awk '{sub(/@.*/, "", $1); print $1}' | section "$type"
done
# An idle bridge shows as DOWN and keeps its address: the route table is what the host really uses.
ip -4 route show | sed 's/ linkdown *$//' | section route
for tool in iptables ip6tables; do
  command -v "$tool-save" >/dev/null || continue
  "$tool-save" 2>/dev/null | sed -e '/^#/d' -e 's/ \[[0-9]*:[0-9]*\]$//' | section "$tool"
done

find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -type d \( -path '*/docker/*' -o -name 'docker-*.scope' \) | section cgroup
proxies() { local file; for file in /proc/[0-9]*/cmdline; do tr '\0' ' ' <"$file" 2>/dev/null | grep -a '^[^ ]*docker-proxy ' || true; done; }
proxies | section proxy
