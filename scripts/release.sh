#!/bin/sh
# release.sh: hostd-VERSION.tgz, with addons for x64 and arm64 that need glibc 2.28 at most (scripts/addons.ts looks).
set -eu
cd -- "$(dirname -- "$0")/.."
sh scripts/setup.sh demo
sh src/native/build.sh --release
sh scripts/node.sh scripts/addons.ts
echo "release: $(npm pack --silent)"
