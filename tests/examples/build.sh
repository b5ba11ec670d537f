#!/bin/sh
# Builds the C and C++ examples against an install prefix: build.sh EXAMPLES PREFIX OUT CC CXX
set -eu
examples=$1 prefix=$2 out=$3 cc=$4 cxx=$5
for language in c cpp; do
  cmake -S "$examples/$language" -B "$out/$language" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release
  cmake --build "$out/$language"
done
packages=$(find "$prefix" -name guardrank.pc -printf '%h')
libraries=$(dirname "$packages")
cp "$examples/c/rank.c" "$examples/c/Makefile" "$out/"
PKG_CONFIG_PATH=$packages make -C "$out" -B CC="$cc" CFLAGS="-Werror" LDFLAGS="-Wl,-rpath,$libraries"
mv "$out/rank" "$out/rank_pkg_config"
