#!/bin/sh
# An origin to try things on: keys, signed metadata and one release, in a folder that any file server
# may serve. Usage: make_origin.sh FOLDER BUNDLE [RELEASE]; GUARDRANK names the command.
# Afterwards FOLDER/origin is to be served, FOLDER/root.json comes with the programs, FOLDER/keys stays
# with the publisher. One key signs for everything here; models/publish/README.md has what teams do.
set -eu
[ $# -ge 2 ] || { echo "usage: make_origin.sh FOLDER BUNDLE [RELEASE]" >&2; exit 2; }
folder=$1 bundle=$2 release=${3:-cards} guardrank=${GUARDRANK:-guardrank}
mkdir -p "$folder/keys"
"$guardrank" keys generate --out "$folder/keys/publisher.pem" >/dev/null
public="$folder/keys/publisher.pub"
"$guardrank" keys init --origin "$folder/origin" --root "$public" --targets "$public" \
  --snapshot "$public" --timestamp "$public" --key "$folder/keys/publisher.pem" >/dev/null
cp "$folder/origin/metadata/1.root.json" "$folder/root.json"
"$guardrank" publish --origin "$folder/origin" --release "$release" --bundle "$bundle" --version 1 \
  --stage full --key "$folder/keys/publisher.pem" >/dev/null
echo "$folder/origin"
