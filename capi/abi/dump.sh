#!/bin/sh
# The ABI of a built library as XML: dump.sh LIBRARY.so. Public headers alone, no paths.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
abidw --headers-dir "$here/../include" --drop-private-types --exported-interfaces-only \
  --no-show-locs --no-corpus-path --no-comp-dir-path "$1" | sed "s|path='$root/|path='../../|"
