#!/bin/sh
# The edge worker in workerd. Usage: run.sh ORIGIN ROOT.json RELEASE[,RELEASE...]; WORKERD names another workerd than npm installed.
# POST requests to http://127.0.0.1:8787/
set -eu
[ $# -eq 3 ] || { echo "usage: run.sh ORIGIN ROOT.json RELEASE[,RELEASE...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 0' INT TERM
cp "$here/config.capnp" "$here/worker.mjs" "$here/cache.mjs" "$work"
cp -r "$here/../../../wasm/dist" "$work/package"
GUARDRANK_ROOT=$(base64 < "$2" | tr -d '\n') GUARDRANK_ORIGIN=$1 GUARDRANK_RELEASES=$3
export GUARDRANK_ROOT GUARDRANK_ORIGIN GUARDRANK_RELEASES
workerd=${WORKERD:-$here/../node_modules/.bin/workerd}   # as npm install puts it there
cd "$work"
"$workerd" serve config.capnp &
worker=$!
trap 'kill $worker 2>/dev/null || true; wait $worker 2>/dev/null || true; rm -rf "$work"' EXIT
wait $worker
