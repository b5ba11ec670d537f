#!/bin/sh
# Builds and runs a program on each library of an installed package: parts.sh SOURCE PREFIX OUT CC CXX
set -eu
source=$1 prefix=$2 out=$3 cc=$4 cxx=$5
cmake -S "$source" -B "$out/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release
cmake --build "$out/cmake"
for program in fetch fetch_static tools; do "$out/cmake/$program"; done
packages=$(find "$prefix" -name guardrank.pc -printf '%h')
libraries=$(dirname "$packages")
for part in fetch tools; do
  flags=$(PKG_CONFIG_PATH=$packages pkg-config --cflags --libs "guardrank-$part")
  # Flags are words.
  # shellcheck disable=SC2086
  "$cc" -std=c11 -Werror "$source/$part.c" $flags "-Wl,-rpath,$libraries" -o "$out/$part"
  "$out/$part"
done
