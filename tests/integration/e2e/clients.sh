#!/usr/bin/env bash
# clients.sh DIR: gets the clients, unpacked beside the system (which may have a kubectl of its own): Debian 12's kubectl and newer ones into
# DIR/kubectl-<suite>, the JavaScript client into DIR/node. A newer kubectl that cannot be had is named and left out: the scenarios run with
# what is there, and name what they used.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${1:?folder}
mkdir -p "$target/node"
"$here/../../lib/debian_package.sh" bookworm kubernetes-client "$target/kubectl-bookworm"
for suite in trixie sid; do
  if "$here/../../lib/debian_package.sh" "$suite" kubectl "$target/kubectl-$suite"; then
    echo "$suite: $("$target/kubectl-$suite/usr/bin/kubectl" version --client | head -n 1)"
  else
    echo "$suite: no kubectl could be had" >&2
  fi
done
cd "$target/node"
if [ ! -d node_modules/@kubernetes/client-node ]; then
  timeout 300 npm install --no-save --no-audit --no-fund --no-package-lock @kubernetes/client-node@1.4.0
fi
