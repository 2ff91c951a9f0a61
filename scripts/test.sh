#!/bin/sh
# npm test: set-up, then every check and test; the last line is "N passed, N failed". Arguments choose: see test.ts.
set -eu
cd -- "$(dirname -- "$0")/.."
umask 022
sh scripts/setup.sh test

# By absolute paths, as hostd starts its programs: a directory above the clone may be closed, such as /root.
open_to_others() {
  node=$(sh scripts/node.sh --print process.execPath)
  for file in package.json .ci/run src/errors.ts dist/errors.js; do set -- "$@" "$PWD/$file"; done
  setpriv --reuid=65534 --regid=65534 --clear-groups cat "$@" "$node" >/dev/null 2>&1
}

# As root, tests start programs as other users, who find no code in a clone that is closed to them (below /root, in a
# directory of mktemp -d, made with umask 077). Then the tests run in an open copy.
if [ "$(id -u)" = 0 ] && ! open_to_others; then
  copy=$(mktemp -d /tmp/hostd-checkout-XXXXXX)
  trap 'cd / && rm -rf "$copy"' EXIT
  trap 'exit 130' INT TERM HUP
  echo "test: other users may not read $PWD, so the tests run in a copy, $copy"
  tar --exclude=./.git --exclude=./.demo -cf - . | tar -C "$copy" -xf -
  chmod -R go+rX "$copy"
  cd "$copy"
fi

sh scripts/node.sh scripts/test.ts "$@"
