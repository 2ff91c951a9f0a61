#!/bin/sh
# distro.sh SUITE [--whole] [--only WORD] [--dir DIR]: the README's commands on a fresh trixie, noble, ... with its own Node, npm and Python,
# as root and as an ordinary user. By hand, as root; not part of npm test. What is committed is what is tried.
#   --whole     all of npm test as root (half an hour); otherwise its checks and unit tests
#   --only WORD the clones, and the steps with this word in their names: root, user, demo, test, install
#   --dir DIR   where the roots and logs are (/var/tmp/hostd-distro); DIR/SUITE.tar, the fresh system, is used again
# The root's clone is below the closed /root, made with umask 077; the user's is made with umask 027.
set -eu
cd -- "$(dirname -- "$0")/.."
fail() {
  echo "distro: cannot $1" >&2
  echo "  try: $2" >&2
  exit 1
}
# What the machine's own package managers are told (a proxy, an index, a certificate authority) holds in the root as well.
settings() {
  env | grep -iE '^(pip_|npm_config_(registry|cafile|https?_proxy|proxy)|(https?|no|all)_proxy=|node_extra_ca_certs=|ssl_cert)' || :
  echo npm_config_userconfig=/etc/hostd-npmrc
}

# inside COMMAND: as root in the root, with /proc, /dev and processes of its own, and the network of the machine. The devices are
# nodes of its own: what is done to a mode there is not done to the machine's.
inside() {
  # shellcheck disable=SC2046 # one word per variable
  unshare --mount --pid --fork --kill-child sh -eu -c '
    root=$1 && shift
    mount --make-rprivate / && mount --rbind "$root" "$root" && cd "$root"
    mount -t proc proc proc && mount --rbind /sys sys && mount -t tmpfs tmpfs run && mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm && mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts && ln -s pts/ptmx dev/ptmx
    for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
    mknod -m 666 dev/tty c 5 0 && ln -s /proc/self/fd dev/fd
    for fd in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${fd#*:}" "dev/${fd%:*}"; done
    mkdir -p .old && pivot_root . .old && umount -l /.old && cd /
    exec "$@"
  ' sh "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive $(settings) sh -c "$1" </dev/null
}

# Ubuntu's keys are a package of Debian's.
ubuntu_keyring() {
  ring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
  if [ ! -f "$ring" ]; then
    ring=$dir/keys/root$ring
    mkdir -p "$dir/keys/lists/partial" "$dir/keys/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $debian trixie main" >"$dir/keys/sources.list"
    (
      cd "$dir/keys"
      apt() {
        apt-get -qq -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists" \
          -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root "$@"
      }
      apt update && apt download ubuntu-keyring && dpkg-deb -x ubuntu-keyring_*.deb root
    ) >&2
  fi
  echo "$ring"
}

# The mirror that the machine itself uses, or its neighbour for Ubuntu. A suite that debootstrap is too old to know is made as
# all of that distribution are.
mirrors() {
  debian=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
  debian=${debian:-http://deb.debian.org/debian} && debian=${debian%/}
  mirror=$debian components=main how=sid keyring=
  if wget -q --spider "$mirror/dists/$suite/Release"; then return 0; fi
  mirror=${debian%/debian}/ubuntu components=main,universe how=gutsy
  wget -q --spider "$mirror/dists/$suite/Release" || fail "find the suite \"$suite\" at $debian or $mirror" "scripts/distro.sh trixie"
  keyring=$(ubuntu_keyring)
}

fresh_system() {
  mirrors
  echo "distro: debootstrap $suite from $mirror"
  rm -rf "$root"
  debootstrap --variant=minbase --components="$components" ${keyring:+--keyring="$keyring"} --include=ca-certificates \
    "$suite" "$root" "$mirror" "$how" >"$log" 2>&1 || fail "make the root" "less $log"
  if [ -d /usr/local/share/ca-certificates ]; then cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"; fi
  inside 'update-ca-certificates && apt-get -qq update && apt-get -qq install -y --no-install-recommends nodejs npm git python3' \
    >>"$log" 2>&1 || fail "install nodejs and npm" "less $log"
  tar -C "$root" -cf "$dir/$suite.tar.new" . && mv "$dir/$suite.tar.new" "$dir/$suite.tar"
}

# step NAME COMMAND: says how long it took, and its last words.
step() {
  case $1 in *clone | *"$only"*) ;; *) return 0 ;; esac
  name=$1 began=$(date +%s) out=$dir/$suite.$(echo "$1" | tr -c 'a-z0-9\n' -).log
  if inside "$2" >"$out" 2>&1; then verdict=ok; else verdict="FAILED ($out)" failed=1; fi
  echo "distro: $suite: $name: $verdict, $(($(date +%s) - began)) s: $(grep -v '^ *$' "$out" | tail -n 1)"
}

# A function, read as a whole: the shell reads a file while it runs it, and this one may be edited meanwhile.
main() {
  suite= dir=/var/tmp/hostd-distro part='-- check unit' only=
  while [ $# -gt 0 ]; do
    case $1 in
      --whole) part= ;;
      --only) only=$2 && shift ;;
      --dir) dir=$2 && shift ;;
      *) suite=$1 ;;
    esac
    shift
  done
  root=$dir/$suite log=$dir/$suite.log
  failed=0
  [ -n "$suite" ] || fail "tell which distribution is meant" "scripts/distro.sh trixie"
  [ "$(id -u)" = 0 ] || fail "make a root without being root" "sudo scripts/distro.sh $suite"
  command -v debootstrap >/dev/null || fail "find debootstrap" "apt-get install debootstrap"

  mkdir -p "$dir"
  if [ ! -f "$dir/$suite.tar" ]; then fresh_system; fi
  trap 'rm -rf "$root"' EXIT
  trap 'exit 130' INT TERM HUP
  rm -rf "$root" && mkdir "$root" && tar -C "$root" -xf "$dir/$suite.tar"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  for file in /etc/pip.conf "${HOME:-/root}/.config/pip/pip.conf"; do if [ -f "$file" ]; then cp "$file" "$root/etc/pip.conf"; fi; done
  cat "$(npm config get globalconfig)" "$(npm config get userconfig)" 2>/dev/null | grep -v nodedir >"$root/etc/hostd-npmrc" || :
  git bundle create --quiet "$root/srv/hostd.bundle" HEAD
  chmod 644 "$root/srv/hostd.bundle" "$root/etc/hostd-npmrc"

  inside 'useradd --create-home ann && cat /etc/os-release' >"$log" 2>&1 || fail "enter the root" "less $log"
  echo "distro: $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$log"), $(inside 'echo "node $(node --version), npm $(npm --version), $(python3 --version)"')"
  as_ann='exec setpriv --reuid=ann --regid=ann --init-groups env HOME=/home/ann USER=ann LOGNAME=ann sh -c'
  # The user first: nobody has installed a compiler or python3-venv yet, and the user cannot.
  step 'user clone' "$as_ann 'umask 027 && git -c advice.detachedHead=false clone -q /srv/hostd.bundle ~/hostd && git -C ~/hostd log -1 --format=%h'"
  step 'user demo' "$as_ann 'cd ~/hostd && npm run demo -- --once'"
  step 'user test' "$as_ann 'cd ~/hostd && npm test -- check unit'"
  step 'root clone' 'umask 077 && git -c advice.detachedHead=false clone -q /srv/hostd.bundle /root/hostd && git -C /root/hostd log -1 --format=%h'
  step 'root demo' 'cd /root/hostd && npm run demo -- --once'
  step 'root test' "cd /root/hostd && npm test $part"
  # Without an index root installs Debian's Django and gunicorn, and then a user finds them.
  no_index='export PIP_NO_INDEX=1 PIP_FIND_LINKS= PIP_CONFIG_FILE=/dev/null && npm run demo -- --remove && npm run demo -- --once'
  step 'root demo without an index' "cd /root/hostd && $no_index"
  step 'user demo without an index' "$as_ann 'cd ~/hostd && $no_index'"
  step 'root install' 'cd /root/hostd && npm ci && npm install --global "$(npm pack --silent)" && cp etc/hostd.service /etc/systemd/system/ &&
    apt-get -qq install -y --no-install-recommends systemd man-db && systemd-analyze verify hostd.service && man -w hostd && hostd version'
  exit "$failed"
}

main "$@"
