#!/bin/sh
# What scripts/test-vm.sh runs inside of the virtual machine, as root, once in each of its two boots. Each line is "ok: ..." or "FAILED: ...".
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

check() {
  what=$1 && shift
  if "$@"; then echo "ok: $what"; else echo "FAILED: $what" && {
    tail -n 3 /tmp/last
    journalctl -u hostd --no-pager -o cat -n 8
  } 2>/dev/null | cut -c 1-300 | sed 's/^/  /'; fi
}
# Waits up to 120 s until a command succeeds. Everything is forty times as slow here.
eventually() {
  for _ in $(seq 60); do
    if "$@"; then return 0; fi
    sleep 2
  done
  return 1
}
says() { hostctl status "$1" >/tmp/last 2>&1; grep -qE "$2" /tmp/last; }
logged() { journalctl -u hostd --no-pager >/tmp/last 2>&1; grep -qE "$1" /tmp/last; }
holds() { cat "$1" >/tmp/last 2>&1; grep -qE "$2" /tmp/last; }
# The percentage of a processor that a program uses, over 20 s.
share_of() {
  python3 - "$(pid_of "$1")" <<'EOF'
import sys, time
def used():
    fields = open(f"/proc/{sys.argv[1]}/stat").read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]), time.monotonic()
ticks, at = used()
time.sleep(20)
later, end = used()
print(round((later - ticks) / (end - at), 1))
EOF
}
takes_no_more() { share_of "$1" >/tmp/last && python3 -c "assert 2 < float(open('/tmp/last').read()) < $2"; }
answers() {
  python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(120); s.connect('/srv/$1/run/gunicorn.sock'); s.send(b'GET / HTTP/1.1\r\nHost: $1\r\n\r\n'); assert b'200' in s.recv(999)" 2>/tmp/last
}
pid_of() { hostctl pid "$1" 2>/dev/null; }
place() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup" 2>/dev/null)"; }
end() {
  echo "ok: $1 boot"
  sync
  systemctl poweroff --force
}

programs() {
  cat >/etc/hostd/hostd.toml <<'EOF'
[proxy]
enabled = false
user = "nobody"
[control]
group = "root"
[program.eater]
command    = ["/usr/bin/python3", "-c", "import time; time.sleep(3); x = b'x' * 200 * 2**20; time.sleep(900)"]
memory_max = "40M"
startretries = 0
startsecs  = 60
user       = "nobody"
[program.parent]
command    = ["/usr/bin/python3", "-c", "import os, time\nif os.fork() == 0:\n    x = b'x' * 200 * 2**20\ntime.sleep(900)"]
memory_max = "40M"
user       = "nobody"
[program.bomb]
command    = ["/usr/bin/python3", "-c", "import os, time\nfor _ in range(500):\n    try:\n        if os.fork() == 0: time.sleep(900)\n    except OSError: time.sleep(0.01)\ntime.sleep(900)"]
tasks_max  = 20
user       = "nobody"
[program.spinner]
command    = ["/usr/bin/python3", "-c", "while True: pass"]
cpu_max    = "20%"
cpu_weight = 50
io_weight  = 60
user       = "nobody"
[program.glutton]
command     = ["/usr/bin/python3", "-c", "import time; x = bytearray(60 * 2**20)\nwhile True:\n    x[::4096] = bytes(len(x) // 4096); time.sleep(1)"]
memory_high = "40M"
user        = "nobody"
[program.evil]
command   = ["/usr/bin/python3", "/srv/evil.py"]
tasks_max = 30
user      = "nobody"
EOF
  # All that an app might do to its cgroup, and children that leave its session and forget where they come from.
  cat >/srv/evil.py <<'EOF'
import os, time
own = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1]
def write(file, text):
    with open(file, "w") as out:
        out.write(text)
def attempt(what, work):
    try:
        work()
        print("has managed to", what, flush=True)
    except OSError as error:
        print("cannot", what, error, flush=True)
attempt("leave", lambda: write("/sys/fs/cgroup/cgroup.procs", "0"))
attempt("leave to the next level", lambda: write(os.path.dirname(own) + "/cgroup.procs", "0"))
attempt("divide", lambda: os.mkdir(own + "/sub"))
attempt("rename", lambda: os.rename(own, own + "x"))
for file, text in {"cgroup.freeze": "1", "cgroup.kill": "1", "pids.max": "max", "memory.events": "0", "memory.reclaim": "1M"}.items():
    attempt("write " + file, lambda: write(own + "/" + file, text))
attempt("live longer", lambda: write("/proc/self/oom_score_adj", "-500"))
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve("/bin/sleep", ["outliver", "9999"], {})
        os._exit(0)
print("has tried all", flush=True)
while True:
    try:
        if os.fork() == 0:
            time.sleep(9999)
    except OSError:
        time.sleep(0.05)
EOF
  mkdir -p /etc/hostd/apps.d /srv/web/project /srv/web/logs /srv/web/run /srv/web/bin
  cat >/srv/web/web.py <<'EOF'
import socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n")
    connection.close()
EOF
  mkdir -p /srv/sleepy/project /srv/sleepy/logs /srv/sleepy/run /srv/sleepy/bin
  chown -R nobody:nogroup /srv/web /srv/sleepy
  cat >/etc/hostd/apps.d/sleepy.toml <<'EOF'
[app.sleepy]
root       = "/srv/sleepy"
project    = "/srv/sleepy/project"
user       = "nobody"
command    = ["/usr/bin/python3", "/srv/web/web.py"]
on_demand  = true
memory_max = "100M"
EOF
  web 200M
  # A bound of memory has to hold beside a swap that would take everything.
  dd if=/dev/zero of=/swap bs=1M count=300 status=none
  chmod 600 /swap
  mkswap /swap >/dev/null
  swapon /swap
}
web() {
  cat >/etc/hostd/apps.d/web.toml <<EOF
[app.web]
root        = "/srv/web"
project     = "/srv/web/project"
user        = "nobody"
command     = ["/usr/bin/python3", "/srv/web/web.py"]
memory_max  = "$1"
memory_high = "180M"
cpu_weight  = 200
[app.web.program.mate]
command     = ["/usr/bin/python3", "-c", "import time; time.sleep(9000)"]
tasks_max   = 9
EOF
}

first() {
  uname -r && systemctl --version | head -n 1
  programs
  systemctl enable hostd 2>/dev/null
  check 'hostd.service starts' systemctl start hostd
  base=$(dirname "$(place spinner)")
  check 'the controllers are on, level by level' holds "$base/cgroup.controllers" 'cpu io memory pids'
  check 'no process is left in the unit itself' test -z "$(cat "$base/../cgroup.procs")"
  check 'the app has a cgroup for all of its programs' test "$(dirname "$(place web)")" = "$(dirname "$(place web:mate)")"
  check 'memory_max of the app' holds "$(place web)/../memory.max" '^209715200$'
  check 'memory_high of the app' holds "$(place web)/../memory.high" '^188743680$'
  check 'cpu_weight of the app' holds "$(place web)/../cpu.weight" '^200$'
  check 'tasks_max of a program of the app' holds "$(place web:mate)/pids.max" '^9$'
  check 'cpu_max' holds "$(place spinner)/cpu.max" '^20000 100000$'
  check 'cpu_weight' holds "$(place spinner)/cpu.weight" '^50$'
  check 'a spinner gets its 20 % of a processor, and no more' takes_no_more spinner 22
  check 'io_weight' holds "$(place spinner)/io.weight" 'default 60'
  check 'no bound is said not to hold' sh -c '! hostctl status | grep "not in force"'
  check 'cpu_max holds: it is throttled' eventually holds "$(place spinner)/cpu.stat" 'nr_throttled [1-9]'
  check 'memory_max bounds swap as well' holds "$(place parent)/memory.swap.max" '^41943040$'
  check 'memory_high holds: memory is taken back' eventually holds "$(place glutton)/memory.events" 'high [1-9]'
  check 'the kernel would kill something else than hostd' holds "/proc/$(systemctl show -p MainPID --value hostd)/oom_score_adj" '^-500$'
  check 'a program does not inherit that' holds "/proc/$(pid_of web)/oom_score_adj" '^0$'
  check 'what eats memory is killed, and said to be' eventually says eater 'killed by the kernel: memory_max 40M reached'
  check 'the log says so, too' logged 'eater.*killed by the kernel: memory_max 40M reached'
  check 'hostctl events too' sh -c "hostctl events eater >/tmp/last 2>&1; grep -q 'memory_max 40M reached' /tmp/last"
  check 'so is a process of a program that goes on' eventually says parent 'RUNNING.*the kernel has killed a process of it: memory_max 40M reached'
  check 'a fork bomb meets tasks_max' eventually holds "$(place bomb)/pids.events" 'max [1-9]'
  check 'and has no more than that' holds "$(place bomb)/pids.current" '^20$'
  check 'status says so' eventually says bomb 'RUNNING.*tasks_max 20 reached: the kernel has refused it another process'
  check 'hostctl events, too' sh -c "hostctl events bomb >/tmp/last 2>&1; grep -q 'tasks_max 20 reached' /tmp/last"
  check 'a hostile app has tried all' eventually sh -c "hostctl logs evil -n 40 >/tmp/last 2>&1; grep -q 'has tried all' /tmp/last"
  check 'and has managed nothing' sh -c "grep -q 'cannot leave' /tmp/last && ! grep -q managed /tmp/last"
  check 'its children are there' eventually sh -c 'grep -qa "^outliver" /proc/[0-9]*/cmdline'
  check 'it is stopped' sh -c 'hostctl stop evil >/tmp/last 2>&1'
  check 'with all of its children' sh -c '! grep -qa "^outliver" /proc/[0-9]*/cmdline'
  before=$(pid_of web)
  web 300M
  hostctl update >/tmp/last 2>&1
  check 'an update changes a bound without a restart' holds "$(place web)/../memory.max" '^314572800$'
  check 'the program is the same' test "$(pid_of web)" = "$before"
  check 'hostctl reload' sh -c 'hostctl reload web >/tmp/last 2>&1'
  check 'both generations are in the app, whose bound they share' holds "$(place web)/../memory.max" '^314572800$'
  before=$(pid_of web)
  old=$(systemctl show -p MainPID --value hostd)
  kill -9 "$old"
  check 'systemd starts hostd again after kill -9' eventually sh -c "hostctl version >/tmp/last 2>&1 && systemctl -q is-active hostd && [ \$(systemctl show -p MainPID --value hostd) != $old ]"
  check 'the programs are adopted' eventually says web RUNNING
  check 'with their pids' test "$(pid_of web)" = "$before"
  check 'within their bounds' eventually holds "$(place web)/../memory.max" '^314572800$'
  check 'and those of a program' holds "$(place spinner)/cpu.max" '^20000 100000$'
  check 'nothing is said against it' sh -c '! hostctl status | grep "not in force"'
  end first
}

second() {
  check 'after a reboot all is started again' eventually says web 'RUNNING'
  check 'within its bounds' holds "$(place web)/../memory.max" '^314572800$'
  check 'the web app answers' answers web
  check 'an app on demand sleeps through the boot' says sleepy 'STOPPED +idle since'
  check 'it answers the first request' answers sleepy
  check 'and runs then, within its bound' holds "$(place sleepy)/../memory.max" '^104857600$'
  mkdir -p /etc/systemd/system/hostd.service.d
  printf '[Service]\nDelegate=no\nDelegateSubgroup=\n' >/etc/systemd/system/hostd.service.d/without.conf
  systemctl daemon-reload
  check 'hostd starts again by a unit without Delegate' systemctl restart hostd
  check 'status says what does not hold there, and the mend' eventually says spinner 'RUNNING.*cpu_max.* not in force: .*Delegate=yes'
  check 'hostd stops' systemctl stop hostd
  check 'nothing is left of its programs' sh -c '! grep -qa "[/]web[.]py" /proc/[0-9]*/cmdline'
  end second
}

if [ -e /var/lib/vm-booted ]; then second; else touch /var/lib/vm-booted && first; fi
