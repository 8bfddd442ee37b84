#!/usr/bin/env bash
# A private Docker engine for tests: own data root, exec root, pid file, socket, containerd and mount namespace, and (unless
# --host-network) a network namespace of its own, so that it neither disturbs nor sees an engine that runs on this host.
#
#   dockerd.sh start DIR [--host-network] [-- DOCKERD_FLAG...]   prints DOCKER_HOST (unix://DIR/docker.sock)
#   dockerd.sh exec DIR COMMAND...    runs COMMAND where the engine's ports and container addresses are reachable
#   dockerd.sh stop DIR               stops it by its pid and removes everything that it made, DIR too
#
# --host-network is for engines that people talk to from their shell; it is refused where another engine manages the firewall
# (a second one would empty its chains). REQUIRES: root, docker.io, iptables, iproute2, util-linux.
set -euo pipefail

die() { printf 'dockerd.sh: error: %s\n' "$*" >&2; exit 1; }
alive() { [ -f "$dir/dockerd.pid" ] && grep -aqF -- "$dir/docker.sock" "/proc/$(cat "$dir/dockerd.pid")/cmdline" 2>/dev/null; }

start() {
  local net=own
  if [ "${1:-}" = --host-network ]; then net=host; shift; fi
  if [ "${1:-}" = -- ]; then shift; fi
  alive && die "an engine runs in $dir already"
  local flags=() unshare_flags=(--mount --propagation slave)
  if [ "$net" = own ]; then
    unshare_flags+=(--net)
  else
    iptables -w -n -L DOCKER >/dev/null 2>&1 && die "another engine manages this host's firewall: start without --host-network"
    flags=(--bridge=none)
  fi
  mkdir -p "$dir"
  remember_host "$net"
  # A socket path of more than 107 bytes cannot be bound.
  [ "${#dir}" -le 90 ] || die "$dir: the path is too long for a socket"
  # /run/containerd is hidden, so that this engine starts a containerd of its own instead of sharing the host's.
  mkdir -p /run/containerd
  # shellcheck disable=SC2016
  setsid unshare "${unshare_flags[@]}" sh -c '
      mount -t tmpfs berth-test /run/containerd && ip link set lo up && exec "$@"' sh \
    dockerd --host "unix://$dir/docker.sock" --pidfile "$dir/dockerd.pid" --data-root "$dir/data" --exec-root "$dir/exec" \
    --config-file "$dir/daemon.json" "${flags[@]}" "$@" >"$dir/dockerd.log" 2>&1 </dev/null &
  local pid=$! end=$((SECONDS + 60))
  until [ -S "$dir/docker.sock" ] && curl -fsS -m 5 --unix-socket "$dir/docker.sock" http://engine/_ping >/dev/null 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$end" ]; then
      tail -n 20 "$dir/dockerd.log" >&2
      stop
      die "the engine did not start"
    fi
    sleep 0.1
  done
  echo "unix://$dir/docker.sock"
}

remember_host() {
  rm -rf "$dir/before" "$dir/exec" "$dir/docker.sock" "$dir/dockerd.pid"
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
  ids=$(ls "$dir/data/containers" 2>/dev/null || true)
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
  alive || die "no engine runs in $dir"
  if [ "$(cat "$dir/before/net")" = host ]; then exec "$@"; fi
  exec nsenter --target "$(cat "$dir/dockerd.pid")" --net -- "$@"
}

[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command=$1
dir=$(realpath -m -- "$2")
shift 2
[ "$(id -u)" -eq 0 ] || die "must run as root"
case $command in
  start) start "$@" ;;
  stop) stop ;;
  exec) run_in "$@" ;;
  *) die "unknown command '$command': start, exec or stop" ;;
esac
