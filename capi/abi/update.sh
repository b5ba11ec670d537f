#!/bin/sh
# Writes the baseline of this machine: update.sh LIBRARY.so. For additions, at a release.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/dump.sh" "$1" > "$here/guardrank-$(uname -m).abi"
