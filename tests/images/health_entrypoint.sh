#!/bin/sh
# Becomes healthy HEALTHY_AFTER seconds after its start, never without it; stops at once.
trap 'exit 0' TERM INT
rm -f /tmp/healthy
if [ -n "$HEALTHY_AFTER" ]; then
  sleep "$HEALTHY_AFTER" &
  wait $!
  : >/tmp/healthy
fi
while :; do sleep 3600 & wait $!; done
