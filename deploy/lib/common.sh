# Shared by deploy/quickstart.sh and tests/run.sh. Source it; REQUIRES: bash, $ROOT set to the checkout.

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo -- "$@"; else
    die "needs root (or sudo) for: $*"
  fi
}

# The packages of a list file, without comments.
packages_of() { sed -e 's/#.*//' "$@" | tr -s ' \n' '\n' | grep -v '^$' | sort -u; }

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || echo "$name"
  done
}

POLICY=/usr/sbin/policy-rc.d
# install_packages NAME...: only what is missing, and no package may start a service (docker, etcd, prometheus) by itself.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  # A shell of its own, so that the policy goes whatever ends it, Ctrl-C too.
  (
    if [ ! -e "$POLICY" ]; then
      trap 'as_root rm -f "$POLICY"' EXIT
      trap 'exit 130' INT TERM HUP
      printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
      as_root chmod 0755 "$POLICY"
    fi
    as_root timeout --foreground 600 apt-get -q update &&
      as_root env DEBIAN_FRONTEND=noninteractive timeout --foreground 1800 apt-get -q -y -o Dpkg::Use-Pty=0 \
        -o Acquire::Retries=3 install --no-install-recommends "${missing[@]}"
  ) >&2 || die "apt-get could not install: ${missing[*]}"
}

# wait_for SECONDS COMMAND...: until it succeeds; 1 when it never did.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
