#!/bin/sh
# What ./dev reference runs: models/reference/*.guardrank again from nothing.
# Wants GUARDRANK_TOOLS_LIBRARY and GUARDRANK_COMMAND, which it sets. $1: folder for work files.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-"$here/../../build/reference"}
mkdir -p "$work"
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$here/..${PYTHONPATH:+:$PYTHONPATH}"
exec "${GUARDRANK_PYTHON:-/usr/bin/python3}" -m simulate.reference --folder "$here" --work "$work"
