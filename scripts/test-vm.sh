#!/bin/sh
# test-vm.sh [SUITE]: the kernel's bounds under a real systemd with cgroup v2 and all controllers, in a virtual machine of Debian's bookworm
# (systemd 252) or trixie (257). By hand, as root; not part of npm test. Without KVM it takes ten minutes, and more on a busy machine.
#   Needs: apt-get install --no-install-recommends qemu-system-x86 debootstrap e2fsprogs linux-image-cloud-amd64
#   The fresh system is kept as /var/tmp/hostd-vm/SUITE.tar and used again.
set -eu
cd -- "$(dirname -- "$0")/.."
suite=${1:-bookworm} dir=${HOSTD_VM_DIR:-/var/tmp/hostd-vm}
fail() {
  echo "test-vm: cannot $1" >&2
  echo "  try: $2" >&2
  exit 1
}

# A function, read as a whole: the shell reads a file while it runs it, and this one may be edited meanwhile.
main() {
  [ "$(id -u)" = 0 ] || fail "make a root without being root" "sudo scripts/test-vm.sh $suite"
  for tool in qemu-system-x86_64 debootstrap mke2fs; do
    command -v "$tool" >/dev/null || fail "find $tool" "apt-get install --no-install-recommends qemu-system-x86 debootstrap e2fsprogs"
  done
  # The newest; virtio and ext4 are in Debian's.
  kernel=$(find /boot -name 'vmlinuz-*-cloud-amd64' | sort -V | tail -n 1)
  [ -n "$kernel" ] || fail "find a kernel" "apt-get install --no-install-recommends linux-image-cloud-amd64"
  initrd=/boot/initrd.img-${kernel#/boot/vmlinuz-}
  sh scripts/setup.sh test
  mkdir -p "$dir"
  work=$(mktemp -d "$dir/$suite.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP

  if [ ! -f "$dir/$suite.tar" ]; then
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
    echo "test-vm: debootstrap $suite"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,procps "$suite" "$work/fresh" \
      "${mirror:-http://deb.debian.org/debian}" sid >"$dir/$suite.log" 2>&1 || fail "make the system" "less $dir/$suite.log"
    tar -C "$work/fresh" -cf "$dir/$suite.tar.new" . && mv "$dir/$suite.tar.new" "$dir/$suite.tar"
    rm -rf "$work/fresh"
  fi
  root=$work/root
  mkdir "$root" && tar -C "$root" -xf "$dir/$suite.tar"
  install_hostd
  disk=$work/disk.img
  mke2fs -q -t ext4 -d "$root" "$disk" 2000M
  rm -rf "$root"

  console=$dir/$suite.console
  : >"$console"
  for boot in first second; do
    echo "test-vm: $suite: the $boot boot"
    began=$(wc -l <"$console")
    timeout 2700 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -nographic -m 1536 -no-reboot -net none \
      -kernel "$kernel" -initrd "$initrd" -drive "file=$disk,if=virtio,format=raw" \
      -append 'console=ttyS0 root=/dev/vda rw quiet systemd.show_status=0 no_timer_check' </dev/null >>"$console" 2>&1 || :
    tail -n "+$((began + 1))" "$console" | tr -d '\r' | grep -aE '^(ok|FAILED|  )' || :
    tail -n "+$((began + 1))" "$console" | grep -aq "^ok: $boot boot" || fail "see the end of the $boot boot" "less $console"
  done
  if grep -aq '^FAILED' "$console"; then exit 1; fi
  echo "test-vm: $suite: all is well"
}

# This tree, without what only its makers need, and what is run in the machine.
install_hostd() {
  mkdir -p "$root/opt/hostd" "$root/etc/hostd"
  tar -c --exclude=node_modules/typescript --exclude='node_modules/@biomejs' --exclude='node_modules/@types' \
    --exclude=node_modules/esbuild --exclude='node_modules/@esbuild' bin build dist etc man package.json node_modules | tar -C "$root/opt/hostd" -x
  for name in hostd hostctl; do ln -sf "/opt/hostd/bin/$name" "$root/usr/bin/$name"; done
  cp etc/hostd.service "$root/etc/systemd/system/"
  cp scripts/vm-guest.sh "$root/opt/vm-guest.sh"
  cat >"$root/etc/systemd/system/vm-guest.service" <<EOF
[Unit]
Description=The tests in the virtual machine
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /opt/vm-guest.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
[Install]
WantedBy=graphical.target
EOF
  mkdir -p "$root/etc/systemd/system/graphical.target.wants"
  ln -sf /etc/systemd/system/vm-guest.service "$root/etc/systemd/system/graphical.target.wants/vm-guest.service"
  ln -sf /usr/lib/systemd/system/graphical.target "$root/etc/systemd/system/default.target"
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap.service serial-getty@ttyS0.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  echo hostd-vm >"$root/etc/hostname"
}

main "$@"
