#!/usr/bin/env bash
# The rule language against its goals and its peers. Needs the release build with GUARDRANK_BENCH.
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=build/bench/rules; mkdir -p "$out"
peers=tests/bench/peers
echo "== rules"
cmake --preset wasm -DGUARDRANK_BENCH=ON >/dev/null
cmake --build --preset wasm --target rules_wasm >/dev/null
# Not "npm ci": a lock file holds only the platforms of zen-engine that its writer's registry had.
[ -d "$peers/node_modules" ] ||
  (cd "$peers" && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
if command -v go >/dev/null; then (cd "$peers/cel_go" && go build -o "$OLDPWD/$out/cel_go" .); fi
node tests/bench/rules/workload.mjs "$out"
taskset -c 0 node tests/bench/rules/rules.mjs "$out" build/release/tests/bench/rules/rules_native \
  build/wasm/tests/bench/rules/rules.wasm "$out/cel_go"
