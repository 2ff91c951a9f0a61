// What a member of the operators' group, with a uid of its own, may have of hostd, and what is root's alone: TLS keys, root's rights,
// the log's words, hostd's descriptors.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { groupOf, needsRoot, proxyAccount, testAccounts } from './harness/accounts.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');
const skip = needsRoot;

/** hostd with programs of an app's user (hostd-test-b), of root and of the proxy's user; the operator is hostd-test-a. */
async function start(t: TestContext, under: readonly string[] = []) {
  const place = makePlace(t);
  const { a: operator, b } = await testAccounts();
  const www = proxyAccount();
  const sleeper = (user: string) => ({ command: '/bin/sleep 100000', user, startsecs: 0 });
  const hostd = await startHostd(place, {
    under,
    config: {
      control: { group: groupOf(operator) },
      program: {
        plain: { ...sleeper(b.name), group: 'nogroup' },
        rooted: sleeper('root'),
        web: sleeper(www.name),
        disks: { ...sleeper(b.name), group: 'disk' },
      },
    },
  });
  for (const name of ['plain', 'rooted', 'web', 'disks', 'hostd-proxy']) await hostd.state(name, 'RUNNING');
  const as = (...args: readonly string[]) =>
    run([hostctl, ...args], { as: operator, env: environment(hostd, place), timeout: 120_000 });
  return { place, hostd, operator, app: b, as };
}

function environment(hostd: Hostd, place: Place) {
  return { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], ...place.env };
}

/** The log's lines that have this text. */
function lines(hostd: Hostd, text: string): Record<string, unknown>[] {
  const all = hostd
    .output()
    .split('\n')
    .filter(line => line.includes(text));
  return all.map(line => JSON.parse(line) as Record<string, unknown>);
}

test("operators act for apps, and for nothing that is root's or the proxy's", { skip }, async t => {
  const { hostd, app, as } = await start(t);
  assert.equal((await as('exec', 'plain', '--', 'id', '-u')).stdout.trim(), String(app.uid));
  const refusals = {
    'hostd-proxy': "it has the sites' TLS keys",
    rooted: 'it runs as root',
    web: "it runs as the proxy's user, who can read the sites' TLS keys",
    disks: 'it runs in a group that can become root',
  };
  const pids = (await hostd.status()).map(({ name, pid }) => [name, pid]);
  for (const [name, why] of Object.entries(refusals)) {
    for (const args of [
      ['exec', name, '--', 'id'],
      ['shell', name],
      ['attach', name],
    ]) {
      const refused = await as(...args);
      assert.equal(refused.code, 1, args.join(' '));
      assert.equal(refused.stdout, '');
      assert.match(refused.stderr, new RegExp(`"${name}": ${why}, and you are not root\\n {2}try: sudo`));
    }
    for (const signal of ['USR1', 'STOP', 'KILL', 'ABRT', 'USR2']) {
      const refused = await as('signal', signal, name);
      assert.equal(refused.code, 1, `${signal} ${name}`);
      assert.match(refused.stderr, new RegExp(`cannot send SIG${signal} to "${name}": ${why}`));
    }
  }
  assert.deepEqual(
    (await hostd.status()).map(({ name, pid }) => [name, pid]),
    pids,
    'all run on as they were',
  );
  // Root may, and operators may have an ordinary program signalled, and anything stopped and started.
  assert.equal((await hostd.hostctl('exec', 'rooted', '--', 'id', '-u')).stdout.trim(), '0');
  assert.equal((await as('signal', 'KILL', 'plain')).code, 0);
  assert.equal((await as('stop', 'rooted')).code, 0);
  assert.equal((await as('start', 'rooted')).code, 0);
});

test('an operator cannot ask which files there are that only root can see', { skip }, async t => {
  const { place, as } = await start(t);
  const secret = place.write('closed/secret', 'x', 0o600);
  const closed = place.directory('closed');
  await run(['chmod', '700', closed]);
  const there = await as('exec', 'plain', '--', secret);
  const missing = await as('exec', 'plain', '--', `${closed}/nothing`);
  assert.equal(there.code, missing.code);
  assert.equal(there.stderr, missing.stderr);
  assert.match(there.stderr, /EACCES/);
});

test('the log keeps who asked apart from what was asked, and a password in a command line out of it', {
  skip,
}, async t => {
  const { hostd, operator, as } = await start(t);
  const forged = {
    names: ['nobody-\u001b[2J\u009b31m\n{"level":"info","msg":"forged"}'],
    user: 'root',
    uid: 0,
    pid: 1,
    time: '2020-01-01T00:00:00.000Z',
    level: 'fatal',
    msg: 'control: root asks for peace',
    much: 'x'.repeat(200_000),
  };
  const script = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
body = sys.stdin.buffer.read()
s.sendall(b"POST /v1/stop HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
while s.recv(65536): pass
`;
  const sent = await run(['/usr/bin/python3', '-c', script, hostd.socket], {
    as: operator,
    env: { PATH: '/usr/bin:/bin' },
    input: JSON.stringify(forged),
  });
  assert.equal(sent.code, 0, sent.stderr);
  const [line] = await until('the line', () => {
    const found = lines(hostd, 'asks for stop');
    return found.length > 0 && found;
  });
  assert.equal(line?.['user'], operator.name);
  assert.equal(line['uid'], operator.uid);
  assert.equal(line['level'], 'info');
  assert.equal(line['msg'], `control: ${operator.name} asks for stop`);
  assert.notEqual(line['time'], forged.time);
  assert.deepEqual(Object.keys(line), ['level', 'time', 'user', 'uid', 'pid', 'request', 'msg']);
  assert.ok(JSON.stringify(line).length < 2000);
  // Every line is one of hostd's own, and moves no cursor.
  for (const own of hostd.output().trimEnd().split('\n')) JSON.parse(own);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
  assert.doesNotMatch(hostd.output(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);

  const many = await as('stop', ...Array.from({ length: 1001 }, (_, number) => `nobody-${number}`));
  assert.match(many.stderr, /cannot take 1001 names at once/);

  await as('exec', 'plain', '--', 'true', '--password', 'hunter2');
  const [asked] = await until('the line', () => {
    const found = lines(hostd, 'asks for exec');
    return found.length > 0 && found;
  });
  assert.deepEqual(asked?.['request'], { name: 'plain', what: 'exec', command: 'true', arguments: 2 });
  assert.doesNotMatch(hostd.output(), /hunter2/);
});

test('an operator who opens what it can keeps neither root nor another operator out', { skip }, async t => {
  const { place, hostd, operator, as } = await start(t, ['prlimit', '--nofile=600']);
  const descriptors = () => readdirSync(`/proc/${hostd.pid}/fd`).length;
  const before = descriptors();
  const script = `
import json, os, socket, struct, sys, time
kept, refused = [], 0
def terminal(name):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
    s.sendall(b"GET /v1/terminal HTTP/1.1\\r\\nHost: x\\r\\nConnection: upgrade\\r\\nUpgrade: hostd-terminal\\r\\n\\r\\n")
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        got = s.recv(4096)
        if not got: return None
        head += got
    if b" 101 " not in head: return head
    body = json.dumps({"name": "plain", "what": "exec", "argv": ["sh", "-c", "echo open; sleep 1000"], "terminal": None}).encode()
    s.sendall(struct.pack(">BI", 1, len(body)) + body)
    kept.append(s)
    return s.recv(65536)
said = [terminal("plain") for _ in range(12)]
print(sum(b"open" in (x or b"") and b"cannot" not in (x or b"") for x in said), [x for x in said if b"cannot" in (x or b"")][0].decode("latin1"))
for _ in range(300):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); kept.append(s)
time.sleep(1.5)
last = socket.socket(socket.AF_UNIX); last.connect(sys.argv[1])
last.sendall(b"GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
print(last.recv(4096).decode())
sys.stdout.flush()
sys.stdin.read()
`;
  const child = spawn('/usr/bin/python3', ['-c', script, hostd.socket], {
    uid: operator.uid,
    gid: operator.gid,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', chunk => (said += chunk));
  await until(
    'it to have all that it gets',
    () => said.includes('operators') || said.includes('you have 64'),
  );
  assert.match(said, /^8 /, said);
  assert.match(said, /cannot open another terminal: you have 8 open already/);
  assert.match(
    said,
    /503 Service Unavailable[\s\S]*cannot serve another connection: you have 64 open already/,
  );
  assert.ok(descriptors() - before < 64 + 8 * 6 + 20, `${before} before, ${descriptors()} now`);
  // The operator itself hears why; others and root are served.
  assert.match(
    (await as('status')).stderr,
    /cannot serve another connection: you have 64 open already\n {2}try: /,
  );
  const begun = performance.now();
  assert.equal((await hostd.hostctl('status')).code, 0);
  assert.ok(performance.now() - begun < 30_000);
  const other = await run([hostctl, 'exec', 'plain', '--', 'echo', 'in'], {
    as: { ...(await testAccounts()).b, gid: operator.gid },
    env: environment(hostd, place),
    timeout: 120_000,
  });
  assert.equal(other.stdout, 'in\n', other.stderr);
  child.stdin.end();
  await until('its shares to be back', async () => (await as('status')).code === 0);
  assert.equal((await as('exec', 'plain', '--', 'echo', 'again')).stdout, 'again\n');
});

test("without root, check takes hostd's own ports for no stranger's, and start says what it may not write", {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a: as } = await testAccounts();
  const hostd = await startHostd(place);
  await hostd.state('hostd-proxy', 'RUNNING');
  const [check, start] = await Promise.all(
    ['check', 'start'].map(command =>
      run([join(checkout, 'bin/hostd'), command, '-c', hostd.config], {
        as,
        env: process.env,
        timeout: 120_000,
      }),
    ),
  );
  assert.equal(check?.code, 0, check?.stdout);
  assert.doesNotMatch(check?.stdout ?? '', /cannot listen/);
  assert.equal(start?.code, 1);
  assert.match(
    start?.stderr ?? '',
    /^hostd: cannot write in "[^"]+": EACCES\n {2}try: sudo, or another place: /m,
  );
});
