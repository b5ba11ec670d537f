#!/usr/bin/env bash
# The figures of TRIED.md anew, to build/bench/tried; some minutes on one core. Needs the release build
# with GUARDRANK_BENCH, build/bench/M as `./dev bench M` makes it, python3-yaml, brotli, and trained
# weights: the folder that models/reference/build.sh works in and, if there are any, split folders of
# `./dev real census`.
# Usage: run.sh [REFERENCE_WORK [CENSUS_SPLIT...]]
set -euo pipefail
cd "$(dirname "$0")/../../.."
reference=${1:-build/reference}; shift || true
python=/usr/bin/python3
bench=build/release/tests/bench; out=build/bench/tried; mkdir -p "$out"
size_m=build/bench/M
guardrank() { build/release/bindings/shell/guardrank "$@"; }
draw() { $python tests/bench/tried/draw.py "$@"; }
pack() { guardrank pack --model "$1" --policy "$2" --catalog "$3" --out "$4" >/dev/null; }
prune() { echo "== pruning, $1"; "$bench/pruning_bench" "${@:2}"; }
gates() { echo "== gates, $1"; "$bench/gates_bench" "${@:2}"; }

for market in cards goods; do
  folder=models/reference/$market
  prune "$market as it ships" "$folder.guardrank" "$folder/requests.jsonl"
  draw catalog "$folder/catalog.csv" 1000 "$out/$market.csv"
  draw amounts "$out/$market.csv" 1 "$out/$market-spread.csv"
  draw requests "$reference/$market/fresh.csv.gz" 100 "$out/$market.jsonl"
  pack "$reference/$market/model" "$folder/policy.yaml" "$out/$market.csv" "$out/$market.guardrank"
  prune "$market, 1000 offers" "$out/$market.guardrank" "$out/$market.jsonl"
  gates "$market, 1000 offers" "$out/$market.guardrank" "$out/$market.jsonl" 40
  term=revenue; [ "$market" = cards ] || term=margin
  draw terms "$folder/policy.yaml" "$term" "$out/$market-$term.yaml"
  for catalog in "$market" "$market-spread"; do
    pack "$reference/$market/model" "$out/$market-$term.yaml" "$out/$catalog.csv" "$out/payouts.guardrank"
    prune "$catalog, term $term alone" "$out/payouts.guardrank" "$out/$market.jsonl"
  done
done
for policy in us_cards personal_loans insurance goods; do
  for spread in 0.7 1.5; do
    draw cookbook "examples/policies/$policy" "$spread" 1000 "$out/$policy"
    pack "$out/$policy" "examples/policies/$policy/policy.yaml" "$out/$policy/catalog.csv" "$out/cookbook.guardrank"
    prune "cookbook $policy, logits spread $spread" "$out/cookbook.guardrank" "$out/$policy/requests.jsonl"
  done
done
for shift in 0 1.5 3; do
  draw rarer "$size_m" "$shift" "$out/M-rarer"
  for spread in 0 1 2; do
    draw amounts "$size_m/catalog.csv" "$spread" "$out/M.csv"
    pack "$out/M-rarer" "$size_m/policy.yaml" "$out/M.csv" "$out/M.guardrank"
    prune "size M, logits $shift lower, payouts spread $spread" "$out/M.guardrank" "$size_m/request.json"
  done
done

for factor in 1 3 10 30; do
  draw gates "$size_m" "$factor" "$out/M-gates"
  pack "$out/M-gates" "$size_m/policy.yaml" "$size_m/catalog.csv" "$out/M.guardrank"
  gates "size M, gates' weights times $factor" "$out/M.guardrank" "$size_m/request.json"
done
for split in "$@"; do
  draw together "$split/labelled.jsonl" 100 "$out/census.jsonl"
  gates "census $(basename "$split")" "$split/census.guardrank" "$out/census.jsonl"
done

for market in cards goods; do
  echo "== int4, $market"
  $python tests/bench/tried/int4.py build/release/bindings/shell/guardrank "$reference/$market/model" \
    "$reference/$market/fresh.jsonl" "$out/int4-$market" "$reference/$market/fresh.csv.gz"
done
for split in "$@"; do
  echo "== int4, census $(basename "$split")"
  $python tests/bench/tried/int4.py build/release/bindings/shell/guardrank "$split/model" "$split/labelled.jsonl" \
    "$out/int4-census"
done
echo "== int4, bytes of size M as they are and by brotli -q 9: int8, rounded to 15 levels"
for step in int8 int4; do
  folder=$size_m
  [ "$step" = int8 ] || { folder=$out/M-int4; $python tests/bench/tried/int4.py round "$size_m" "$folder"; }
  pack "$folder" "$size_m/policy.yaml" "$size_m/catalog.csv" "$out/M.guardrank"
  echo "$step $(stat -c %s "$out/M.guardrank") $(brotli -q 9 -c "$out/M.guardrank" | wc -c)"
done
echo "== row fetch"
"$bench/row_fetch_bench"
