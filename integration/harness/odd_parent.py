"""argv: COMMAND ... Becomes it, with everything odd that a process can hand on to those whom it starts."""

import ctypes
import os
import platform
import resource
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
ADD_KEY, KEYCTL, IOPRIO_SET = {"x86_64": (248, 250, 251), "aarch64": (217, 219, 30)}[platform.machine()]

# A session keyring with a secret in it (keyrings(7)); 1 is KEYCTL_JOIN_SESSION_KEYRING, -3 the keyring.
libc.syscall(KEYCTL, 1, b"administrator")
if libc.syscall(ADD_KEY, b"user", b"hostd-secret", b"s3cret-of-root", 14, -3) < 0:
    print("no keyrings", flush=True)

os.umask(0)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (1000, min(hard, 5000)))
for number in (9, 77):
    os.dup2(os.open("/etc/passwd", os.O_RDONLY), number, inheritable=True)
signal.setitimer(signal.ITIMER_REAL, 3000)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
libc.personality(0x0040000)  # ADDR_NO_RANDOMIZE
if os.geteuid() == 0:
    libc.syscall(IOPRIO_SET, 1, 0, (1 << 13) | 2)
    advantages = [
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-500"),
        lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
    ]
    for advantage in advantages:
        try:
            advantage()
        except OSError:
            pass  # A container may lack the right.
    caps = ["--inh-caps=+net_admin,+sys_admin", "--ambient-caps=+net_admin,+sys_admin"]
    os.execv("/usr/bin/setpriv", ["setpriv", *caps, "--securebits=+no_setuid_fixup", "--", *sys.argv[1:]])
os.execvp(sys.argv[1], sys.argv[1:])
