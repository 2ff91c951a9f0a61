// etc/hostd.service under a real systemd, booted in a container: started, killed, reloaded, restarted, upgraded, stopped.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { testAccounts } from '../harness/accounts.ts';
import { makePlace } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { boot, needsContainer } from './container.ts';

/** Answers every request on the socket that it was handed with its pid, uid and cgroup. */
const app = `import os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    with open("/proc/self/cgroup") as file: cgroup = file.read().split("0::")[1].strip()
    body = f"{os.getpid()} {os.getuid()} {cgroup}".encode()
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    connection.close()
`;

const hostctl = join(import.meta.dirname, '../../bin/hostctl');

const ask = `import urllib.request
request = urllib.request.Request("http://127.0.0.1/", headers={"Host": "hello.test"})
print(urllib.request.urlopen(request, timeout=10).read().decode())
`;

/** Forks twice into a session of its own. */
const daemon = `[program.daemon]
command = "sh -c 'setsid -f sleep 4321; exec sleep 1234'"
user = "nobody"
startsecs = 0
`;

for (const cgroups of ['as here', 'unified'] as const) {
  test(`hostd.service starts, survives kill -9, reloads, restarts and stops as it promises (cgroups: ${cgroups})`, {
    skip: needsContainer(cgroups),
  }, async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    place.write('files/webapps/hello/app.py', app);
    place.write('files/ask.py', ask);
    place.write('files/etc/hostd/hostd.toml', '[proxy]\nlisten = ["127.0.0.1:80"]\n');
    place.write(
      'files/etc/hostd/apps.d/hello.toml',
      `[app.hello]\nroot = "/webapps/hello"\nproject = "/webapps/hello"\nuser = "${a.name}"\n` +
        'server_names = ["hello.test"]\ncommand = "/usr/bin/python3 app.py"\n',
    );
    // Impatient, for the test's sake.
    place.write(
      'files/etc/systemd/system/hostd.service.d/test.conf',
      '[Service]\nWatchdogSec=5s\nTimeoutAbortSec=1s\n',
    );
    // run.sh copies owners too; the app's own directory is the app's.
    execFileSync('chown', ['-R', `${a.uid}:${a.gid}`, `${place.dir}/files/webapps/hello`]);
    const began = performance.now();
    const { inside } = await boot(place, cgroups);
    t.diagnostic(`systemd was up after ${((performance.now() - began) / 1000).toFixed(1)} s`);

    const show = async (property: string) =>
      (await inside('systemctl', 'show', 'hostd', `--property=${property}`, '--value')).stdout.trim();
    const journal = async () =>
      (await inside('journalctl', '-u', 'hostd', '-o', 'cat', '--no-pager', '-n', '60')).stdout;
    const request = async () => {
      const { stdout, stderr } = await inside('/usr/bin/python3', '/ask.py');
      const [pid, uid, cgroup] = stdout.trim().split(' ');
      assert.ok(cgroup, `${stderr}\n${await journal()}`);
      return { pid: Number(pid), uid: Number(uid), cgroup };
    };
    const systemctl = async (...args: readonly string[]) => {
      const ran = await inside('systemctl', ...args);
      assert.equal(ran.code, 0, `systemctl ${args.join(' ')}: ${ran.stderr}\n${await journal()}`);
    };

    await systemctl('start', 'hostd');
    assert.equal(await show('ActiveState'), 'active');
    assert.equal(await show('StatusText'), '2 of 2 programs are running', 'at once, as start returns');
    const main = await show('MainPID');
    const first = await request();
    assert.equal(first.uid, a.uid);
    assert.match(first.cgroup, /\/system\.slice\/hostd\.service\/hostd-\w+\/hello\.app\/hello\.1$/);

    await t.test('kill -9 of hostd: systemd starts it again, and it adopts its programs', async () => {
      const workers = async () =>
        (await inside('pgrep', '-u', 'www-data', '-f', 'hostd-proxy')).stdout.trim().split('\n');
      const before = await workers();
      await inside('kill', '-9', main);
      await until('another hostd', async () => {
        const [next, state] = [await show('MainPID'), await show('SubState')];
        return next !== main && next !== '0' && state === 'running';
      });
      assert.equal(await show('NRestarts'), '1');
      assert.deepEqual(await request(), first);
      assert.deepEqual(await workers(), before);
      // Still supervised: in a cgroup of its own, with its socket held.
      await inside('kill', '-9', String(first.pid));
      const second = await request();
      assert.notEqual(second.pid, first.pid);
      assert.match(second.cgroup, /\/hello\.2$/);
      // The new run is STARTING for startsecs; a reload of hostd does not wait for a program that it does not touch.
      await until('hello to run again', async () =>
        /^hello +RUNNING/m.test((await inside(hostctl, 'status')).stdout),
      );
    });

    await t.test(
      'reload applies what has changed, waits for it, and fails when the configuration is broken',
      async () => {
        const { pid } = await request();
        await inside('sh', '-c', `cat >/etc/hostd/apps.d/daemon.toml <<'END'\n${daemon}END`);
        await systemctl('reload', 'hostd');
        assert.equal((await inside('pgrep', '-x', '-f', 'sleep 1234')).stdout.trim().split('\n').length, 1);
        await inside('sh', '-c', 'echo nonsense >/etc/hostd/apps.d/broken.toml');
        assert.notEqual((await inside('systemctl', 'reload', 'hostd')).code, 0);
        assert.equal(await show('ActiveState'), 'active');
        await inside('rm', '/etc/hostd/apps.d/broken.toml');
        await systemctl('reload', 'hostd');
        assert.equal((await request()).pid, pid, 'an app that has not changed is not touched');
        assert.equal(await show('StatusText'), '3 of 3 programs are running', 'at once, as reload returns');
      },
    );

    await t.test('hostctl upgrade: the same hostd for systemd, the same programs', async () => {
      const before = [await show('MainPID'), await request()];
      const upgraded = await inside(hostctl, 'upgrade');
      assert.equal(upgraded.code, 0, upgraded.stderr);
      await until('the new version', async () => (await inside('systemctl', 'reload', 'hostd')).code === 0);
      assert.deepEqual([await show('MainPID'), await request()], before);
      assert.equal(await show('NRestarts'), '1');
    });

    await t.test('a hostd that hangs is replaced, its programs do not notice', async () => {
      const [hanging, before] = [await show('MainPID'), await request()];
      // 0 would be the test's own process group.
      assert.ok(Number(hanging) > 1, hanging);
      await inside('kill', '-STOP', hanging);
      await until('another hostd', async () => {
        const [next, state] = [await show('MainPID'), await show('SubState')];
        return next !== hanging && next !== '0' && state === 'running';
      });
      assert.equal(await show('NRestarts'), '2');
      assert.deepEqual(await request(), before);
    });

    await t.test('restart ends every program and starts it again', async () => {
      const { pid } = await request();
      await systemctl('restart', 'hostd');
      const again = await request();
      assert.notEqual(again.pid, pid);
      assert.equal((await inside('pgrep', '-c', '-f', '^sleep 4321')).stdout.trim(), '1');
    });

    await t.test(
      'what the apps get of the hardening: no capabilities, no new privileges, a read-only /usr',
      async () => {
        const { pid } = await request();
        const status = (await inside('cat', `/proc/${pid}/status`)).stdout;
        assert.match(status, /^CapEff:\t0+$/m);
        assert.match(status, /^NoNewPrivs:\t1$/m);
        assert.match(status, /^Seccomp:\t2$/m);
        const mounts = (await inside('cat', `/proc/${pid}/mountinfo`)).stdout;
        assert.match(mounts, / \/usr ro[, ]/);
      },
    );

    await t.test('stop leaves nothing, not even a daemon in a session of its own', async () => {
      await systemctl('stop', 'hostd');
      assert.equal(await show('ActiveState'), 'inactive');
      assert.equal(await show('Result'), 'success');
      assert.equal((await inside('pgrep', '-f', 'sleep 1234|sleep 4321|app.py|hostd')).stdout, '');
      const { stdout } = await inside('find', '/sys/fs/cgroup', '-path', '*hostd.service*');
      assert.equal(stdout, '');
    });
  });
}
