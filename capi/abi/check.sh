#!/bin/sh
# Compares a built library with the ABI baseline: check.sh LIBRARY.so. Exits 77 where libabigail or a
# baseline for this machine is missing, 1 on a change that breaks callers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
baseline="$here/guardrank-$(uname -m).abi"
if ! command -v abidiff > /dev/null || [ ! -f "$baseline" ]; then
  echo "skipped: no abidiff, or no baseline for $(uname -m)"
  exit 77
fi
built=$(mktemp)
trap 'rm -f "$built"' EXIT
"$here/dump.sh" "$1" > "$built"
# 4: changed, 8: changed incompatibly, 1 and 2: could not compare. Additions are what growth looks
# like: they are allowed here and reviewed in the baseline's diff.
code=0
abidiff --no-added-syms --suppressions "$here/suppressions.ini" "$baseline" "$built" || code=$?
[ "$code" -eq 0 ]
