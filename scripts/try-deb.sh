#!/bin/sh
# try-deb.sh SUITE [DEB]: installs, upgrades, removes and purges the Debian package (hostd_*_amd64.deb here) in a really booted bookworm, trixie, ...:
# a site answers all the while, by the same gunicorn. By hand, as root; needs debootstrap and systemd-container.
set -eu
cd -- "$(dirname -- "$0")/.."
suite=${1:?suite} dir=/var/tmp/hostd-deb
deb=${2:-$(ls hostd_*_amd64.deb | tail -n 1)}
[ -f "$deb" ] || { echo "try-deb: cannot find a package" >&2 && echo "  try: npm run release:deb" >&2 && exit 1; }
mkdir -p "$dir"
root=$dir/$suite.$$
say() { echo "try-deb: $suite: $*"; }
fail() { say "FAILED: $*" && exit 1; }

if [ ! -f "$dir/$suite.tar" ]; then
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
  say "debootstrap from ${mirror:=http://deb.debian.org/debian}"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,init-system-helpers,python3,man-db,ca-certificates,libstdc++6 "$suite" "$dir/$suite.new" "$mirror" >"$dir/$suite.log" 2>&1 ||
    fail "debootstrap: $dir/$suite.log"
  tar -C "$dir/$suite.new" -cf "$dir/$suite.tar.new" . && mv "$dir/$suite.tar.new" "$dir/$suite.tar" && rm -rf "$dir/$suite.new"
fi

leader=
clean() {
  [ -z "$leader" ] || { kill "$nspawn" 2>/dev/null && wait "$nspawn" 2>/dev/null || :; }
  rm -rf "$root"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
mkdir "$root" && tar -C "$root" -xf "$dir/$suite.tar"

# The next version: the same code under another number.
cp "$deb" "$root/srv/now.deb"
dpkg-deb -R "$deb" "$root/srv/next"
next=$(dpkg-deb -f "$deb" Version)+next
sed -i "s/^Version: .*/Version: $next/" "$root/srv/next/DEBIAN/control"
sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"9.9.9\"/" "$root/srv/next/usr/lib/hostd/package.json"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$root/srv/next" "$root/srv/next.deb" >/dev/null

mkdir -p "$root/srv/site/logs" "$root/srv/site/run" "$root/srv/site/static"
cat >"$root/srv/site/app.py" <<'END'
import os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    body = f"{os.getpid()} {os.getuid()}".encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    connection.close()
END
cat >"$root/srv/ask.py" <<'END'
import urllib.request
request = urllib.request.Request("http://127.0.0.1/", headers={"Host": "hello.test"})
print(urllib.request.urlopen(request, timeout=10).read().decode())
END
cat >"$root/srv/ask-on.py" <<'END'
import os, subprocess, sys, time
failed = asked = 0
while not os.path.exists("/srv/enough"):
    asked += 1
    failed += subprocess.run([sys.executable, "/srv/ask.py"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0
    time.sleep(0.05)
open("/srv/asked", "w").write(f"{asked} {failed}\n")
END

unshare --mount --propagation private sh -c '
  umount --lazy /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
  exec systemd-nspawn --quiet --directory="$1" --machine="hostd-deb-$$" --boot --register=no --keep-unit --link-journal=no --console=pipe \
    --private-network --system-call-filter=pidfd_getfd systemd.unit=basic.target' sh "$root" >"$dir/$suite.console" 2>&1 &
nspawn=$!
inside() { nsenter -t "$leader" -m -p -u -i -n -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"; }
for _ in $(seq 150); do
  sleep 0.2
  leader=$(pgrep -P "$nspawn" -x systemd || :)
  if [ -n "$leader" ] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then break; fi
done
[ -n "$leader" ] || fail "boot: $dir/$suite.console"
say "booted: $(inside systemctl --version | head -n 1)"

inside ip link set lo up 2>/dev/null || :
inside dpkg -i /srv/now.deb || fail "install"
[ "$(inside systemctl is-enabled hostd)" = enabled ] || fail "the unit is not enabled"
[ "$(inside systemctl is-active hostd || :)" = inactive ] || fail "it runs without a site"
inside getent group hostd >/dev/null || fail "there is no group hostd"
inside man -w hostd hostctl hostd.toml >/dev/null || fail "there is no manual"
inside hostd check || fail "hostd check"

inside useradd --system --home /srv/site hello && inside chown -R hello: /srv/site && inside getent passwd www-data >/dev/null
cat >"$root/etc/hostd/apps.d/hello.toml" <<'END'
[app.hello]
root = "/srv/site"
project = "/srv/site"
user = "hello"
server_names = ["hello.test"]
command = "/usr/bin/python3 app.py"
END
inside systemctl start hostd || { inside journalctl -u hostd --no-pager -n 30; fail "start"; }
before=$(inside python3 /srv/ask.py) || fail "the site does not answer"
pid=$(inside systemctl show hostd --property MainPID --value)
say "the site answers: pid and uid $before; hostd is $pid"

inside python3 /srv/ask-on.py &
asker=$!
inside dpkg -i /srv/next.deb || fail "upgrade"
inside hostctl version --json 2>/dev/null || inside hostctl version
[ "$(inside systemctl show hostd --property MainPID --value)" = "$pid" ] || fail "another hostd after the upgrade"
[ "$(inside python3 /srv/ask.py)" = "$before" ] || fail "another program after the upgrade"
touch "$root/srv/enough" && wait "$asker"
read -r asked failed <"$root/srv/asked"
[ "$failed" = 0 ] || fail "$failed of $asked requests failed during the upgrade"
say "upgraded: $asked requests, none failed; the same hostd and the same program"

inside dpkg -r hostd || fail "remove"
[ "$(inside systemctl is-active hostd || :)" != active ] || fail "it runs after its removal"
inside sh -c "grep -ls \"^Uid:.*$(inside id -u hello)\" /proc/[0-9]*/status" && fail "a program is left"
[ -f "$root/etc/hostd/apps.d/hello.toml" ] || fail "the site's file is gone"
inside dpkg -i /srv/now.deb || fail "install again"
[ "$(inside systemctl is-active hostd)" = active ] || fail "it was not started with its site"
inside dpkg -P hostd || fail "purge"
for left in /etc/hostd/hostd.toml /var/lib/hostd /var/log/hostd /usr/lib/hostd /run/hostd; do [ ! -e "$root$left" ] || fail "$left is left"; done
say "removed and purged: ok"
