#!/usr/bin/env bash
# Speed of the engine natively and in Node on models of sizes S, M and L. Writes build/bench/results.txt.
# Usage: run.sh [--peers] [SIZE...|rules]; needs the release build with GUARDRANK_BENCH and the WASM module.
# With --peers it then runs the network beside ONNX Runtime and writes tests/bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
peers=no; [ "${1:-}" = --peers ] && { peers=yes; shift; }
sizes=("$@"); [ ${#sizes[@]} -gt 0 ] || sizes=(S M L rules)
out=build/bench; mkdir -p "$out"
guardrank=build/release/bindings/shell/guardrank
{
  grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'
  date -u +%Y-%m-%d
} | tee "$out/results.txt"
for size in "${sizes[@]}"; do
  if [ "$size" = rules ]; then tests/bench/rules/run.sh; continue; fi
  bundle="$out/$size.guardrank"
  if [ ! -f "$bundle" ] || [ "$guardrank" -nt "$bundle" ]; then
    /usr/bin/python3 tests/bench/make_bundle.py "$size" 1000 "$out/$size"
    "$guardrank" pack --model "$out/$size" --policy "$out/$size/policy.yaml" \
      --catalog "$out/$size/catalog.csv" --out "$bundle" >/dev/null
  fi
  echo "== $size, native"
  taskset -c 0 build/release/tests/bench/rank_bench "$bundle" "$out/$size/request.json" \
    --benchmark_repetitions=5 --benchmark_report_aggregates_only=true 2>/dev/null | grep -E 'median|Benchmark'
  echo "== $size, WASM in Node $(node -v)"
  taskset -c 0 node wasm/bench/rank.mjs --bundle "$bundle" --request "$out/$size/request.json"
done | tee -a "$out/results.txt"
[ "$peers" = yes ] || exit 0
models=(); for size in "${sizes[@]}"; do [ "$size" = rules ] || models+=("$size"); done
if [ ! -x "$out/venv/bin/python" ]; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install --quiet --requirement tests/bench/requirements.txt
fi
taskset -c 0 python3 tests/bench/results.py build/release/tests/speed/network_bench "$out/venv/bin/python" "$out" "${models[@]}"
