#!/bin/sh
# node.sh ARGUMENT ...: the Node that hostd itself would use (bin/runtime.sh), whatever npm has left in node_modules/.bin.
# Its directory comes first in PATH, so that what it starts finds the same one.
set -eu
home=$(cd -- "$(dirname -- "$0")/.." && pwd) program=hostd
. "$home/bin/runtime.sh"
find_node
case $node in
  */*) PATH=${node%/*}:$PATH && export PATH ;;
esac
# shellcheck disable=SC2086 # one word per flag
exec "$node" $flags "$@"
