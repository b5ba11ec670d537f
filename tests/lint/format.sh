#!/usr/bin/env bash
# C and C++ as .clang-format says; --fix rewrites.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=(--dry-run --Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -co --exclude-standard '*.cc' '*.h' '*.c' '*.hpp' | xargs -r clang-format-19 "${mode[@]}"
echo "format: done"
