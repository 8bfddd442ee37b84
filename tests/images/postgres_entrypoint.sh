#!/bin/sh
# Like the official image as far as tests need it: POSTGRES_PASSWORD and POSTGRES_DB are honoured once, before the first start;
# without a password every connection is trusted.
set -e
case "$1" in
  postgres | -*) [ "$1" = postgres ] && shift ;;
  *) exec "$@" ;;
esac
if [ ! -e "$PGDATA/prepared" ] && [ -n "$POSTGRES_PASSWORD$POSTGRES_DB" ]; then
  {
    if [ -n "$POSTGRES_PASSWORD" ]; then
      printf "ALTER ROLE postgres PASSWORD '%s'\n" "$(printf %s "$POSTGRES_PASSWORD" | sed "s/'/''/g")"
    fi
    if [ -n "$POSTGRES_DB" ] && [ "$POSTGRES_DB" != postgres ]; then
      printf 'CREATE DATABASE "%s"\n' "$(printf %s "$POSTGRES_DB" | sed 's/"/""/g')"
    fi
  } | postgres --single postgres >/dev/null
  if [ -n "$POSTGRES_PASSWORD" ]; then sed -i 's/^\(host .*\) trust$/\1 scram-sha-256/' "$PGDATA/pg_hba.conf"; fi
  : >"$PGDATA/prepared"
fi
# SIGTERM would wait for every client to leave; the official image asks for SIGINT instead.
postgres "$@" &
trap 'kill -INT $!' TERM INT
wait $! || { status=$?; kill -0 $! 2>/dev/null || exit $status; }
wait $!
