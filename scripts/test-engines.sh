#!/bin/sh
# test-engines.sh: a site on a real Docker Swarm of three nodes, in network namespaces of this machine. By hand, as root; not part of npm test:
# it needs Debian's docker.io, a gigabyte of disk and two minutes, and more on a busy machine.
#   Needs: apt-get install --no-install-recommends docker.io iptables iproute2
set -eu
cd -- "$(dirname -- "$0")/.."
fail() {
  echo "test-engines: cannot $1" >&2
  echo "  try: $2" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail "make network namespaces without being root" "sudo npm run test:engines"
for tool in dockerd docker ip iptables unshare nsenter; do
  command -v "$tool" >/dev/null || fail "find $tool" "apt-get install --no-install-recommends docker.io iptables iproute2"
done
sh scripts/setup.sh test
exec sh scripts/node.sh --disable-warning=ExperimentalWarning --test --test-reporter=spec integration/engines/swarm.ts
