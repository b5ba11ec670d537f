#!/usr/bin/env bash
# guardrank and its peers in Chromium on one core. Usage: run.sh [S|M|L ...]; needs the release build's
# command (or GUARDRANK_COMMAND), the WASM package and this folder's npm packages. Writes tests/bench/RESULTS_WEB.md.
set -euo pipefail
cd "$(dirname "$0")/../../.."
sizes=("$@"); [ ${#sizes[@]} -gt 0 ] || sizes=(S M L)
out=build/bench; mkdir -p "$out/web"
guardrank=${GUARDRANK_COMMAND:-build/release/bindings/shell/guardrank}
here=tests/bench/web

# A Python of its own for each: TensorFlow and ONNX Runtime want different numpy.
environment() { # folder requirements...
  local folder=$1; shift
  [ -x "$folder/bin/python" ] || python3 -m venv "$folder"
  local stamp="$folder/.installed-web"
  for file in "$@"; do
    [ "$stamp" -nt "$file" ] || { "$folder/bin/pip" install --quiet --requirement "$file"; local fresh=yes; }
  done
  [ -z "${fresh:-}" ] || touch "$stamp"
}
cmake --preset wasm -DGUARDRANK_BENCH=ON >/dev/null
cmake --build --preset wasm --target network_wasm >/dev/null
environment "$out/venv" tests/bench/requirements.txt "$here/requirements.txt"
environment "$out/venv-tflite" "$here/requirements_tflite.txt"

for size in "${sizes[@]}"; do
  bundle="$out/$size.guardrank"
  if [ ! -f "$bundle" ] || [ "$guardrank" -nt "$bundle" ]; then
    /usr/bin/python3 tests/bench/make_bundle.py "$size" 1000 "$out/$size"
    "$guardrank" pack --model "$out/$size" --policy "$out/$size/policy.yaml" \
      --catalog "$out/$size/catalog.csv" --out "$bundle" >/dev/null
  fi
  # The weights are random from a fixed seed: the peers' files change only with the scripts.
  made="$out/web/$size/made"
  if [ ! -f "$made" ] || [ -n "$(find tests/bench -maxdepth 2 -name '*.py' -newer "$made")" ]; then
    echo "size $size: the peers' graphs" >&2
    "$out/venv/bin/python" "$here/graphs.py" "$out/$size" "$out/web/$size" >"$out/web/$size.log" 2>&1
    TF_CPP_MIN_LOG_LEVEL=3 "$out/venv-tflite/bin/python" "$here/tflite.py" "$out/web/$size" 1 100 1000 \
      >>"$out/web/$size.log" 2>&1
    touch "$made"
  fi
done
taskset -c 0 node "$here/bench.mjs" "$out" "${sizes[@]}"
node "$here/results.mjs" "$out" "${sizes[@]}"
