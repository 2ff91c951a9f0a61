// Small Python programs inside a container. Each image of a Django site has Python, and need not have curl or a shell.

/** The port that an app listens on in its container. */
export const port = 8000;

/**
 * Waits until each address accepts connections, and until the database has all migrations of each manage.py. Then it runs
 * the command after "--", if there is one, in its own place. Docker's secrets become variables.
 */
const waiting = `import os, socket, subprocess, sys, time
at = sys.argv.index("--")
for name in os.listdir("/run/secrets") if os.path.isdir("/run/secrets") else []:
    path = os.path.join("/run/secrets", name)
    if os.path.isfile(path):
        os.environ[name] = open(path).read().rstrip("\\n")
def is_ready(what):
    if what.startswith("/"):
        check = [sys.executable, os.path.basename(what), "migrate", "--check"]
        return subprocess.call(check, cwd=os.path.dirname(what)) == 0
    host, port = what.rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), 5).close()
        return True
    except OSError:
        return False
for what in sys.argv[1:at]:
    while not is_ready(what):
        print("waiting for", what, file=sys.stderr, flush=True)
        time.sleep(1)
if sys.argv[at + 1:]:
    os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
`;

/** The command that waits. `what`: "HOST:PORT" or a manage.py's path. */
export function waitingCommand(
  python: string,
  what: readonly string[],
  command: readonly string[],
): readonly string[] {
  return [python, '-c', waiting, ...what, '--', ...command];
}

/** The command that does nothing for so many seconds: an image need not have sleep(1). */
export function sleepingCommand(python: string, seconds: number): readonly string[] {
  return [python, '-c', `import time; time.sleep(${seconds})`];
}

/** The command with a niceness: an image need not have nice(1). */
export function nicedCommand(python: string, nice: number, command: readonly string[]): readonly string[] {
  return [python, '-c', `import os, sys; os.nice(${nice}); os.execvp(sys.argv[1], sys.argv[1:])`, ...command];
}

/** Asks a path as hostd's own probe does: 200 to 399 is good. Without a path, a connection is enough. */
const asking = `import http.client, socket, sys
if len(sys.argv) < 2:
    socket.create_connection(("127.0.0.1", ${port}), 10).close()
    sys.exit(0)
asked = http.client.HTTPConnection("127.0.0.1", ${port}, timeout=10)
asked.request("GET", sys.argv[1], headers={"Host": sys.argv[2], "X-Forwarded-Proto": sys.argv[3]})
sys.exit(not 200 <= asked.getresponse().status < 400)
`;

export function healthCommand(
  python: string,
  health: { readonly path: string; readonly host: string } | null,
  scheme: 'http' | 'https',
): readonly string[] {
  return [python, '-c', asking, ...(health === null ? [] : [health.path, health.host, scheme])];
}
