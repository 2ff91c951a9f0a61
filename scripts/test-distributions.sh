#!/bin/sh
# npm run test:distributions [-- SUITE ...]: distro.sh for each suite (Debian 13 and Ubuntu 24.04), and the package for arm64 by try-arm64.sh.
# By hand, as root, before a release. What fails does not keep the rest from being tried.
set -eu
cd -- "$(dirname -- "$0")/.."
failed=
[ $# -gt 0 ] || set -- trixie noble
for suite do sh scripts/distro.sh "$suite" || failed="$failed $suite"; done
HOSTD_DEB_ARCH=arm64 sh scripts/release-deb.sh && sh scripts/try-arm64.sh || failed="$failed arm64"
[ -z "$failed" ] || { echo "distributions: failed:$failed" >&2 && exit 1; }
echo "distributions: all is well: $*, arm64"
