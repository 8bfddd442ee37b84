#!/usr/bin/env bash
# Builds the test images out of Debian 12 packages, without any registry, into the engine at DOCKER_HOST:
#   berth-test/busybox:1   a shell with nc, httpd, wget, sleep, ... (2 MB)
#   berth-test/health:1    busybox with a HEALTHCHECK; healthy HEALTHY_AFTER seconds after its start
#   berth-test/redis:7     redis-server and redis-cli; has an anonymous volume
#   berth-test/postgres:15 an initialised server, ready in well under a second, with psql and pg_isready
# Each image is the programs and the libraries that they load, nothing else. The file systems are kept in BERTH_CACHE (default
# ~/.cache/berth), so that the next engine gets them in seconds. REQUIRES: root, mmdebstrap, the docker client.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
VERSION=$(cat "$HERE"/*.sh | sha256sum | cut -c1-16)
CACHE=${BERTH_CACHE:-${HOME:-/root}/.cache/berth}/images-$VERSION
PGBIN=/usr/lib/postgresql/15/bin
PGSHARE=/usr/share/postgresql/15
WORK=

die() { printf 'build.sh: error: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "must run as root"

# --- file systems ---------------------------------------------------------------------------------------------------------------

build_file_systems() {
  WORK=$(mktemp -d)
  trap 'rm -rf --one-file-system "$WORK"' EXIT
  # A working directory that apt's own user may enter.
  chmod 0755 "$WORK"
  timeout 900 mmdebstrap --quiet --variant=extract --include=postgresql-15,redis-server,busybox-static,tzdata \
    bookworm "$WORK/debian" http://deb.debian.org/debian >"$WORK/log" 2>&1 || { cat "$WORK/log" >&2; die "mmdebstrap failed"; }
  make_busybox "$WORK/busybox"
  make_health "$WORK/health"
  make_redis "$WORK/redis"
  make_postgres "$WORK/postgres"
  local name
  mkdir -p "$CACHE.new.$$"
  for name in busybox health redis postgres; do
    tar --sort=name --numeric-owner -C "$WORK/$name" -cf "$CACHE.new.$$/$name.tar" .
  done
  rm -rf "$CACHE"
  mv -T "$CACHE.new.$$" "$CACHE"
}

# base ROOT [NAME]: directories, users root and NAME (uid 999), and busybox as shell and tools.
base() {
  local root=$1 name=${2:-nobody}
  mkdir -p "$root"/{bin,dev,etc,home,lib,lib64,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/share,var/run}
  chmod 1777 "$root/tmp"
  printf 'root:x:0:0:root:/root:/bin/sh\n%s:x:999:999::/:/bin/sh\n' "$name" >"$root/etc/passwd"
  printf 'root:x:0:\n%s:x:999:\n' "$name" >"$root/etc/group"
  cp "$WORK/debian/bin/busybox" "$root/bin/busybox"
  chroot "$root" /bin/busybox --install -s /bin
}

# add ROOT FILE...: files of the Debian tree, and for programs and libraries everything that they load.
add() {
  local root=$1 file
  shift
  for file in "$@"; do
    printf '%s\n' "$file"
    # A file that is not dynamically linked has no list.
    { chroot "$WORK/debian" /lib64/ld-linux-x86-64.so.2 --list "$file" 2>/dev/null || true; } |
      sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^\t\(\/[^ ]*\) .*/\1/p'
  done | sort -u | while read -r file; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$WORK/debian$file" "$root$file"
  done
}

make_busybox() { base "$1"; }

make_health() {
  base "$1"
  install -m 0755 "$HERE/health_entrypoint.sh" "$1/bin/health"
}

make_redis() {
  base "$1" redis
  add "$1" /usr/bin/redis-server /usr/bin/redis-cli
  mkdir "$1/data"
  chown 999:999 "$1/data"
}

make_postgres() {
  local root=$1 data=/var/lib/postgresql/data file
  base "$root" postgres
  add "$root" $PGBIN/{initdb,postgres,psql,pg_isready} /usr/lib/postgresql/15/lib/{plpgsql,dict_snowball}.so
  mkdir -p "$root$PGSHARE" "$root/usr/share/zoneinfo" "$root$data" "$root/run/postgresql" "$root/var/run/postgresql"
  cp -r "$WORK/debian$PGSHARE"/{timezonesets,tsearch_data,*.sql,*.txt,*.bki,*.sample} "$root$PGSHARE/"
  mkdir "$root$PGSHARE/extension"
  cp "$WORK/debian$PGSHARE"/extension/plpgsql* "$root$PGSHARE/extension/"
  cp -L "$WORK/debian/usr/share/zoneinfo/Etc/UTC" "$root/usr/share/zoneinfo/UTC"
  for file in psql pg_isready; do ln -s $PGBIN/$file "$root/usr/bin/$file"; done
  install -m 0755 "$HERE/postgres_entrypoint.sh" "$root/bin/postgres_entrypoint"
  chown 999:999 "$root$data" "$root/run/postgresql" "$root/var/run/postgresql"
  chmod 0700 "$root$data"
  # shellcheck disable=SC2016
  unshare --mount sh -c 'mount --rbind /dev "$1/dev" && shift && exec "$@"' sh "$root" \
    chroot --userspec=999:999 "$root" /bin/env -i PATH=/bin:$PGBIN TZ=UTC \
    $PGBIN/initdb --pgdata=$data --username=postgres --encoding=UTF8 --locale=C --auth=trust --wal-segsize=1 --no-sync >"$WORK/log" 2>&1 || { cat "$WORK/log" >&2; die "initdb failed"; }
  # initdb is only needed here.
  rm "$root$PGBIN/initdb" "$root$PGSHARE"/*.bki
  cat >>"$root$data/postgresql.conf" <<'CONF'
listen_addresses = '*'
unix_socket_directories = '/var/run/postgresql'
dynamic_shared_memory_type = posix
shared_buffers = 16MB
max_connections = 50
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 2MB
autovacuum = off
jit = off
log_timezone = 'UTC'
timezone = 'UTC'
CONF
  printf 'local all all trust\nhost all all 0.0.0.0/0 trust\nhost all all ::0/0 trust\n' >"$root$data/pg_hba.conf"
}

# --- images ---------------------------------------------------------------------------------------------------------------------

# import NAME:TAG DOCKERFILE_LINE...: skips what the engine has already.
import() {
  local reference=$1 name=${1%%:*} changes=() line
  shift
  if [ "$(docker image inspect --format '{{index .Config.Labels "berth-test"}}' "berth-test/$reference" 2>/dev/null)" = "$VERSION" ]; then
    return 0
  fi
  for line in "LABEL berth-test=$VERSION" "$@"; do changes+=(--change "$line"); done
  docker import "${changes[@]}" "$CACHE/$name.tar" "berth-test/$reference" >/dev/null
}

[ -f "$CACHE/postgres.tar" ] || { mkdir -p "$(dirname "$CACHE")" && build_file_systems; }
import busybox:1 'CMD ["sh"]'
import health:1 'ENTRYPOINT ["/bin/health"]' \
  'HEALTHCHECK --interval=300ms --timeout=2s --retries=3 CMD test -e /tmp/healthy'
import redis:7 'USER redis' 'WORKDIR /data' 'VOLUME /data' 'EXPOSE 6379' \
  'CMD ["redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"]'
import postgres:15 'USER postgres' 'EXPOSE 5432' "ENV PATH=/bin:/usr/bin:$PGBIN" 'ENV PGDATA=/var/lib/postgresql/data' \
  'ENTRYPOINT ["/bin/postgres_entrypoint"]' 'CMD ["postgres"]'
