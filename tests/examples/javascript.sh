#!/bin/sh
# Runs the Node example with the package as npm would pack it: javascript.sh ROOT FOLDER ARGUMENTS...
# Exits 77 (skipped) where the package has not been built.
set -eu
root=$1 folder=$2
shift 2
[ -f "$root/wasm/dist/guardrank.wasm" ] || { echo "wasm/dist has not been built" >&2; exit 77; }
package=$folder/node_modules/guardrank
if [ ! -f "$package/dist/guardrank.wasm" ] ||
   [ -n "$(find "$root/wasm/dist" -newer "$package" -type f | head -n 1)" ]; then
  rm -rf "$folder"
  mkdir -p "$package"
  (cd "$root/wasm" && npm pack --silent --pack-destination "$folder" >/dev/null)
  tar -xzf "$folder"/guardrank-*.tgz -C "$package" --strip-components=1
  touch "$package"
fi
cp "$root/examples/javascript/rank.mjs" "$root/examples/javascript/package.json" "$folder/"
exec node "$folder/rank.mjs" "$@"
