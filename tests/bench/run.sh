#!/usr/bin/env bash
# Speed of the engine natively and in Node on models of sizes S, M and L. Writes build/bench/results.txt.
# Usage: run.sh [--peers|--results] [SIZE...|rules]; needs the release build with GUARDRANK_BENCH and the
# WASM module. With --peers it then runs the network beside ONNX Runtime, whole requests and loading, and
# writes tests/bench/RESULTS.md; with --results it does that alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
peers=no; times=yes
[ "${1:-}" = --peers ] && { peers=yes; shift; }
[ "${1:-}" = --results ] && { peers=yes; times=no; shift; }
sizes=("$@"); [ ${#sizes[@]} -gt 0 ] || sizes=(S M L rules)
out=build/bench; mkdir -p "$out"
guardrank=build/release/bindings/shell/guardrank
pack() { # SIZE [SUFFIX OFFERS]: its bundle, made anew when the packer is newer
  local name="$1${2:-}"
  local bundle="$out/$name.guardrank"
  if [ ! -f "$bundle" ] || [ "$guardrank" -nt "$bundle" ]; then
    /usr/bin/python3 tests/bench/make_bundle.py "$1" "${3:-1000}" "$out/$name"
    "$guardrank" pack --model "$out/$name" --policy "$out/$name/policy.yaml" \
      --catalog "$out/$name/catalog.csv" --out "$bundle" >/dev/null
  fi
}
[ "$times" = no ] || {
  grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'
  date -u +%Y-%m-%d
} | tee "$out/results.txt"
for size in "${sizes[@]}"; do
  [ "$times" = yes ] || break
  if [ "$size" = rules ]; then tests/bench/rules/run.sh; continue; fi
  pack "$size"
  bundle="$out/$size.guardrank"
  echo "== $size, native"
  taskset -c 0 build/release/tests/bench/rank_bench "$bundle" "$out/$size/request.json" \
    --benchmark_repetitions=5 --benchmark_report_aggregates_only=true 2>/dev/null | grep -E 'median|Benchmark'
  echo "== $size, WASM in Node $(node -v)"
  taskset -c 0 node wasm/bench/rank.mjs --bundle "$bundle" --request "$out/$size/request.json"
done | tee -a "$out/results.txt"
[ "$peers" = yes ] || exit 0
models=(); for size in "${sizes[@]}"; do [ "$size" = rules ] || models+=("$size"); done
for size in "${models[@]}" large; do pack "$size"; done
for size in "${models[@]}"; do pack "$size" 100k 100000; done
if [ ! -x "$out/venv/bin/python" ]; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install --quiet --requirement tests/bench/requirements.txt
fi
taskset -c 0 python3 tests/bench/results.py build/release "$out/venv/bin/python" "$out" "${models[@]}"
