#!/bin/sh
# build.sh: dist/ from src/, and dist/commit, which `hostctl version --json` shows. There is none where git does not know this
# directory, as in an installed package that was packed without it.
set -eu
cd -- "$(dirname -- "$0")/.."
sh scripts/node.sh node_modules/typescript/bin/tsc -p tsconfig.build.json
sh scripts/node.sh scripts/bundle.ts
git describe --always --dirty --abbrev=40 --exclude='*' >dist/commit 2>/dev/null || rm -f dist/commit
