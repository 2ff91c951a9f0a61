#!/bin/sh
# npm test: set-up, then every check and test; the last line is "N passed, N failed". Arguments choose: see test.ts.
set -eu
cd -- "$(dirname -- "$0")/.."
umask 022
sh scripts/setup.sh test
PATH=$PWD/node_modules/.bin:$PATH
export PATH
exec node scripts/test.ts "$@"
