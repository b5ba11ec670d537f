#!/usr/bin/env bash
# Fuzzes every target (or those named) for the given seconds, starting from the committed corpus.
# New inputs go to build/fuzz/corpus/<target>; crashes to build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$1; shift
bin=build/fuzz/tests/fuzz
mkdir -p build/fuzz/crashes
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd "$bin" && ls | sed -n 's/^fuzz_\([a-z_]*\)$/\1/p' | grep -v _replay)
failed=0
for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target"
  printf '%-20s ' "$target"
  if "$bin/fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
      -artifact_prefix=build/fuzz/crashes/"$target"- \
      "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" > "build/fuzz/$target.log" 2>&1; then
    sed -n 's/stat::number_of_executed_units: *\([0-9]*\)/\1 runs, no finding/p' "build/fuzz/$target.log"
  else
    echo "FINDING, see build/fuzz/$target.log"; failed=1
  fi
done
exit $failed
