#!/bin/sh
# The edge worker in workerd. Usage: run.sh ORIGIN ROOT.json RELEASE[,RELEASE...]; WORKERD names the program.
# POST requests to http://127.0.0.1:8787/
set -eu
[ $# -eq 3 ] || { echo "usage: run.sh ORIGIN ROOT.json RELEASE[,RELEASE...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/config.capnp" "$here/worker.mjs" "$work"
cp -r "$here/../../../wasm/dist" "$work/package"
GUARDRANK_ROOT=$(base64 < "$2" | tr -d '\n') GUARDRANK_ORIGIN=$1 GUARDRANK_RELEASES=$3
export GUARDRANK_ROOT GUARDRANK_ORIGIN GUARDRANK_RELEASES
cd "$work" && "${WORKERD:-workerd}" serve config.capnp
