#!/bin/sh
# npm run demo: set-up, then two Django sites under hostd, in the foreground. Options: see demo.ts.
set -eu
cd -- "$(dirname -- "$0")/.."
umask 022
sh scripts/setup.sh demo
exec sh scripts/node.sh scripts/demo.ts "$@"
