#!/bin/sh
# run.sh DIR [unified]: boots this machine's own systemd in a container with hostd.service in it, until it gets SIGTERM.
# What is below DIR/files is laid over the machine's files; nothing that is written inside reaches the machine. It needs
# root, systemd-nspawn and overlayfs. With "unified" the container has cgroup v2 alone, whatever the machine has. Its mounts are in a namespace of their own and end with it; its only network is lo.
# By hand: DIR=$(mktemp -d); sh integration/nspawn/run.sh $DIR & then nsenter -t LEADER -m -p -u -i -n -C sh
set -eu
self=$(readlink -f -- "$0")
checkout=$(dirname -- "$(dirname -- "$(dirname -- "$self")")")
[ "${HOSTD_NSPAWN_INSIDE-}" = yes ] || HOSTD_NSPAWN_INSIDE=yes exec unshare --mount --propagation private sh "$self" "$@"

dir=$1
if [ "${2-}" = unified ]; then
  umount --lazy /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
mkdir -p "$dir/memory"
mount -t tmpfs hostd-nspawn "$dir/memory"
mkdir "$dir/memory/upper" "$dir/memory/work" "$dir/memory/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/memory/upper,workdir=$dir/memory/work" "$dir/memory/root"
root=$dir/memory/root
# The machine's own units stay away: only what basic.target has is started.
rm -rf "$root/etc/systemd/system/hostd.service.d"
# The unit as it is, and the commands where npm's links to them are.
cp "$checkout/etc/hostd.service" "$root/etc/systemd/system/hostd.service"
mkdir -p "$root/usr/local/bin"
ln -sf "$checkout/bin/hostd" "$checkout/bin/hostctl" "$root/usr/local/bin/"
# A file in a link's place is no way to what the link leads to.
[ ! -d "$dir/files" ] || cp -a --remove-destination "$dir/files/." "$root/"

# nspawn's own filter bars pidfd_getfd, by which a new hostd takes its sockets back; systemd on a machine has no such filter.
modules=$(readlink -f -- "$checkout/node_modules")
nspawn=
trap 'kill "$nspawn"' TERM
code=133
# 133: the container wants to be rebooted.
while [ "$code" = 133 ]; do
  setpriv --pdeathsig KILL systemd-nspawn --quiet --directory="$root" --machine="hostd-$$" --boot --register=no --keep-unit --link-journal=no \
    --console=pipe --private-network --system-call-filter=pidfd_getfd \
    --bind-ro="$checkout" --bind-ro="$modules" systemd.unit=basic.target &
  nspawn=$!
  code=0
  wait "$nspawn" || code=$?
done
# A signal ends the first wait before the container has ended.
wait "$nspawn" || code=$?
exit "$code"
