#!/usr/bin/env bash
# A private Docker engine for tests: own data root, exec root, pid file, socket, containerd and mount namespace, and (unless
# --host-network) a network namespace of its own, so that it neither disturbs nor sees an engine that runs on this host.
#
#   dockerd.sh start DIR [--host-network] [-- DOCKERD_FLAG...]   prints DOCKER_HOST (unix://DIR/docker.sock)
#   dockerd.sh exec DIR COMMAND...    runs COMMAND where the engine's ports and container addresses are reachable
#   dockerd.sh kill DIR               SIGKILL to dockerd alone: its containers live on, its namespaces and its roots stay
#   dockerd.sh resume DIR [-- DOCKERD_FLAG...]   starts it again there, with the flags of its start unless others are given
#   dockerd.sh stop DIR               stops it by its pid and removes everything that it made, DIR too; a killed one as well
#
# --host-network is for engines that people talk to from their shell; it is refused where another engine manages the firewall
# (a second one would empty its chains). REQUIRES: root, docker.io, iptables, iproute2, util-linux.
set -euo pipefail

die() { printf 'dockerd.sh: error: %s\n' "$*" >&2; exit 1; }
# is_process PID_FILE TEXT: its process runs, and has TEXT in its command line.
is_process() { [ -f "$1" ] && grep -aqF -- "$2" "/proc/$(cat "$1")/cmdline" 2>/dev/null; }
alive() { is_process "$dir/dockerd.pid" "$dir/docker.sock"; }
# The process that keeps the engine's namespaces while no dockerd runs.
kept() { is_process "$dir/namespaces.pid" "$dir/namespaces.pid"; }

start() {
  local net=own
  if [ "${1:-}" = --host-network ]; then net=host; shift; fi
  if [ "${1:-}" = -- ]; then shift; fi
  if alive || kept; then die "an engine runs in $dir already"; fi
  local bridge=() unshare_flags=(--mount --propagation slave)
  if [ "$net" = own ]; then
    unshare_flags+=(--net)
  else
    iptables -w -n -L DOCKER >/dev/null 2>&1 && die "another engine manages this host's firewall: start without --host-network"
    bridge=(--bridge=none)
  fi
  mkdir -p "$dir"
  remember_host "$net"
  # A socket path of more than 107 bytes cannot be bound.
  [ "${#dir}" -le 90 ] || die "$dir: the path is too long for a socket"
  # /run/containerd is hidden, so that this engine starts a containerd of its own instead of sharing the host's.
  mkdir -p /run/containerd
  # shellcheck disable=SC2016
  setsid unshare "${unshare_flags[@]}" sh -c '
      mount -t tmpfs berth-test /run/containerd && ip link set lo up && echo $$ >"$1" && exec tail -f "$1"' sh \
    "$dir/namespaces.pid" >"$dir/dockerd.log" 2>&1 </dev/null &
  local keeper=$!
  until kept; do
    kill -0 "$keeper" 2>/dev/null || { tail -n 20 "$dir/dockerd.log" >&2; stop; die "the namespaces could not be made"; }
    sleep 0.02
  done
  run_dockerd "${bridge[@]}" "$@" || { stop; die "the engine did not start"; }
}

resume() {
  if [ "${1:-}" = -- ]; then shift; fi
  kept || die "no engine was started in $dir"
  alive && die "the engine in $dir runs"
  local flags=()
  if [ $# -eq 0 ]; then
    mapfile -d '' -t flags <"$dir/before/flags"
  elif [ "$(cat "$dir/before/net")" = host ]; then
    flags=(--bridge=none)
  fi
  run_dockerd "${flags[@]}" "$@" || die "the engine did not start again"
}

run_dockerd() {
  local pid end=$((SECONDS + 60))
  if [ $# -gt 0 ]; then printf '%s\0' "$@"; fi >"$dir/before/flags"
  setsid nsenter --target "$(cat "$dir/namespaces.pid")" --mount --net \
    dockerd --host "unix://$dir/docker.sock" --pidfile "$dir/dockerd.pid" --data-root "$dir/data" --exec-root "$dir/exec" \
    --config-file "$dir/daemon.json" "$@" >>"$dir/dockerd.log" 2>&1 </dev/null &
  pid=$!
  until [ -S "$dir/docker.sock" ] && curl -fsS -m 5 --unix-socket "$dir/docker.sock" http://engine/_ping >/dev/null 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$end" ]; then
      tail -n 20 "$dir/dockerd.log" >&2
      return 1
    fi
    sleep 0.1
  done
  echo "unix://$dir/docker.sock"
}

kill_engine() {
  alive || die "no engine runs in $dir"
  local pid
  pid=$(cat "$dir/dockerd.pid")
  kill -KILL "$pid"
  # Its containerd dies with it. The next dockerd would take for a live one whoever has their numbers then, a zombie too.
  for _ in $(seq 100); do
    alive || is_process "$dir/exec/containerd/containerd.pid" "$dir/exec/" || break
    sleep 0.02
  done
  if alive; then die "dockerd ($pid) outlives SIGKILL"; fi
  rm -f "$dir/dockerd.pid" "$dir/exec/containerd/containerd.pid"
  # What it was starting is never ended, and nobody takes away the cgroups of those that end before the next one runs.
  ls "$dir/data/containers" >>"$dir/before/containers"
}

remember_host() {
  rm -rf "$dir/before" "$dir/exec" "$dir/docker.sock" "$dir/dockerd.pid" "$dir/namespaces.pid"
  mkdir -p "$dir/before"
  echo '{}' >"$dir/daemon.json"
  echo "$1" >"$dir/before/net"
  [ -d /run/containerd ] && touch "$dir/before/run_containerd"
  cgroup_parents >"$dir/before/cgroups"
  if [ "$1" = host ]; then
    cat /proc/sys/net/ipv4/ip_forward >"$dir/before/ip_forward"
    iptables -w -S FORWARD | sed -n 's/^-P FORWARD //p' >"$dir/before/forward_policy"
    bridges >"$dir/before/bridges"
    hairpins >"$dir/before/hairpins"
  fi
}

bridges() { ip -brief link show type bridge | { grep -oE '^br-[0-9a-f]{12}' || true; }; }
# The rule that a published port gets beside the chains: from a container's address to itself.
hairpins() { iptables -w -t nat -S POSTROUTING | { grep -E -- '-s ([0-9.]+)/32 -d \1/32 .*-j MASQUERADE$' || true; }; }
cgroup_parents() { find /sys/fs/cgroup -maxdepth 2 -type d -name docker 2>/dev/null | sort; }

stop() {
  if [ ! -d "$dir" ]; then return 0; fi
  local pid=
  if alive; then
    pid=$(cat "$dir/dockerd.pid")
    remove_objects
    kill -TERM "$pid"
    for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  kill_leftovers
  if kept; then kill -KILL "$(cat "$dir/namespaces.pid")" 2>/dev/null || true; fi
  restore_host
  rm -rf --one-file-system "$dir"
}

# Quick, where dockerd's own shutdown would wait for every container's grace period.
remove_objects() {
  local -x DOCKER_HOST=unix://$dir/docker.sock
  local ids
  mapfile -t ids < <(timeout 20 docker ps -aq)
  if [ "${#ids[@]}" -gt 0 ]; then timeout 120 docker rm -fv "${ids[@]}" >/dev/null 2>&1 || true; fi
  if [ "$(cat "$dir/before/net")" = host ]; then
    mapfile -t ids < <(timeout 20 docker network ls -q --filter type=custom)
    if [ "${#ids[@]}" -gt 0 ]; then timeout 120 docker network rm "${ids[@]}" >/dev/null 2>&1 || true; fi
  fi
}

# What outlived an engine that was killed: containerd, shims and proxies name its exec root, containers have their id as cgroup.
kill_leftovers() {
  local pid
  for pid in $(leftovers); do kill -KILL "$pid" 2>/dev/null || true; done
  for _ in $(seq 50); do [ -n "$(leftovers)" ] || break; sleep 0.1; done
}

leftovers() {
  local process ids
  ids=$({ ls "$dir/data/containers"; cat "$dir/before/containers"; } 2>/dev/null | sort -u || true)
  for process in /proc/[0-9]*; do
    if grep -aqF -- "$dir/exec/" "$process/cmdline" 2>/dev/null ||
      { [ -n "$ids" ] && grep -qF -- "$ids" "$process/cgroup" 2>/dev/null; }; then
      echo "${process#/proc/}"
    fi
  done
}

restore_host() {
  local cgroup
  [ -d "$dir/before" ] || return 0
  if [ -s "$dir/before/containers" ]; then
    find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -depth -type d \( -path '*/docker/*' -o -name 'docker-*.scope' \) |
      { grep -F -f "$dir/before/containers" || true; } | while read -r cgroup; do rmdir "$cgroup" 2>/dev/null || true; done
  fi
  cgroup_parents | while read -r cgroup; do
    grep -qxF -- "$cgroup" "$dir/before/cgroups" || find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
  [ -e "$dir/before/run_containerd" ] || rmdir /run/containerd 2>/dev/null || true
  if [ "$(cat "$dir/before/net")" = host ]; then restore_host_network; fi
}

# What dockerd leaves behind even when it stops in good order, and the networks of one that was killed.
restore_host_network() {
  local bridge chain rule
  bridges | while read -r bridge; do
    grep -qxF -- "$bridge" "$dir/before/bridges" && continue
    ip link delete "$bridge"
    delete_rules filter " $bridge "
    delete_rules nat " $bridge "
  done
  hairpins | while read -r rule; do
    # shellcheck disable=SC2086
    grep -qxF -- "$rule" "$dir/before/hairpins" || iptables -w -t nat -D ${rule#-A }
  done
  delete_rules filter '^-A FORWARD -j DOCKER'
  delete_rules nat '^-A (PREROUTING|OUTPUT) .*-j DOCKER$'
  for chain in DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 DOCKER-USER DOCKER; do delete_chain filter "$chain"; done
  delete_chain nat DOCKER
  iptables -w -P FORWARD "$(cat "$dir/before/forward_policy")"
  cat "$dir/before/ip_forward" >/proc/sys/net/ipv4/ip_forward
}

# delete_rules TABLE REGEXP
delete_rules() {
  local rule
  iptables -w -t "$1" -S | grep -E -- "$2" | sed 's/^-A/-D/' | while read -r rule; do
    # shellcheck disable=SC2086
    iptables -w -t "$1" $rule
  done || true
}

delete_chain() {
  if iptables -w -t "$1" -F "$2" 2>/dev/null; then iptables -w -t "$1" -X "$2"; fi
}

run_in() {
  kept || die "no engine was started in $dir"
  if [ "$(cat "$dir/before/net")" = host ]; then exec "$@"; fi
  exec nsenter --target "$(cat "$dir/namespaces.pid")" --net -- "$@"
}

[ $# -ge 2 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command=$1
dir=$(realpath -m -- "$2")
shift 2
[ "$(id -u)" -eq 0 ] || die "must run as root"
case $command in
  start) start "$@" ;;
  kill) kill_engine ;;
  resume) resume "$@" ;;
  stop) stop ;;
  exec) run_in "$@" ;;
  *) die "unknown command '$command': start, exec, kill, resume or stop" ;;
esac
