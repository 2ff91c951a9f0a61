// docs/from-supervisor-and-nginx.md, "In place", command by command: a booted Debian whose package supervisor runs several programs,
// hostd in the place of its unit's supervisord, what may happen to it there, and back.

import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';
import { until } from '../harness/until.ts';
import { boot, type Container, needsContainer } from './container.ts';

const page = readFileSync(new URL('../../docs/from-supervisor-and-nginx.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('\n## In place\n'), page.indexOf('\n## There\n'));
const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(match => match[1] ?? '');

/** Debian's own package, made again from its installed files under the number of a next version: no network is needed. */
const repack = `next=/var/tmp/next
mkdir -p $next/DEBIAN
dpkg -L supervisor | while read -r file; do
  if [ -d "$file" ]; then mkdir -p "$next$file"; elif [ -e "$file" ]; then cp -a "$file" "$next$file"; fi
done
for part in preinst postinst prerm postrm conffiles; do
  [ ! -f /var/lib/dpkg/info/supervisor.$part ] || cp /var/lib/dpkg/info/supervisor.$part $next/DEBIAN/$part
done
dpkg-query --showformat='Package: \${Package}\\nVersion: \${Version}+next\\nArchitecture: \${Architecture}\\nMaintainer: \${Maintainer}\\nDescription: \${binary:Synopsis}\\n' \\
  --show supervisor >$next/DEBIAN/control
dpkg-deb --root-owner-group -Zgzip -z1 --build $next /var/tmp/next.deb`;

/** What takes most of its time is nothing that is looked at here: manual pages' index, fsync(2). */
const dpkg = 'DEBIAN_FRONTEND=noninteractive dpkg --no-triggers --force-unsafe-io';

const rotation = `/var/log/supervisor/ticker.log {
  rotate 1
  create
  postrotate
    kill -USR2 $(cat /run/supervisord.pid)
  endscript
}
`;

/** Debian's Supervisor with two files of programs, enabled: its unit is started with the container. */
function debiansMachine(place: Place): void {
  place.write(
    'files/etc/supervisor/conf.d/ticker.conf',
    `[program:ticker]
command=sh -c 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done'
user=nobody
startsecs=0
stdout_logfile=/var/log/supervisor/ticker.log
[program:quick]
command=sleep 1111
startsecs=0
`,
  );
  place.write(
    'files/etc/supervisor/conf.d/pair.conf',
    `[program:worker]
command=sleep 2222
startsecs=0
numprocs=2
process_name=%(program_name)s_%(process_num)02d
[group:pair]
programs=worker
`,
  );
  place.write('files/etc/logrotate.d/ticker', rotation);
  // The container boots to basic.target; and Debian's packages may start services there.
  const wants = place.directory('files/etc/systemd/system/basic.target.wants');
  symlinkSync('/lib/systemd/system/supervisor.service', `${wants}/supervisor.service`);
  // Nor is Python's byte code.
  for (const tool of ['py3compile', 'py3clean']) place.write(`files/usr/bin/${tool}`, '#!/bin/sh\n', 0o755);
  place.write('files/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 0\n', 0o755);
}

/** What is asked of the machine. */
function observer({ inside }: Container) {
  const shell = async (commands: string) => {
    const ran = await inside('sh', '-ec', `PATH=/usr/local/sbin:/usr/local/bin:$PATH\n${commands}`);
    const journal = ran.code === 0 ? '' : (await inside('journalctl', '--no-pager', '-n', '40')).stdout;
    assert.equal(ran.code, 0, `${commands}\n${ran.stdout}${ran.stderr}\n${journal}`);
    return ran.stdout;
  };
  const show = async (property: string) =>
    (await inside('systemctl', 'show', 'supervisor', `--property=${property}`, '--value')).stdout.trim();
  const status = async () => (await inside('supervisorctl', 'status')).stdout;
  const pids = (text: string) => [...text.matchAll(/pid (\d+)/g)].map(match => match[1] ?? '');
  /** Waits until all four programs run, and tells what their client says of them. */
  const running = () =>
    until(
      'all programs to run',
      async () => {
        const text = await status();
        return /^(?:\S+ +RUNNING .*\n){4}$/.test(text) ? text : undefined;
      },
      { timeout: 30_000, every: 100 },
    );
  const ticks = async () =>
    Number(/(\d+)\s*$/.exec(await shell('tail -n 1 /var/log/supervisor/ticker.log'))?.[1]);
  return { shell, show, status, pids, running, ticks };
}

const tidy = (text: string) => text.replaceAll(/pid \d+, uptime \S+/g, 'pid N, uptime T');
/** For pgrep(1), whose own shell has it in its command line, too. */
const hostds = '[d]aemon/supervisord/begin';

test("hostd in the place of the supervisord of Debian's package", {
  skip:
    needsContainer() ||
    (findProgram('supervisord') === undefined && 'needs supervisor: apt-get install supervisor'),
  timeout: 600_000,
}, async t => {
  const [look = '', forGood = '', back = '', handOver = ''] = blocks;
  assert.equal(blocks.length, 4);
  const place = makePlace(t);
  debiansMachine(place);
  const container = await boot(place);
  const { inside } = container;
  const { shell, show, status, pids, running, ticks } = observer(container);
  const isHostds = async () => (await shell(`pgrep -f '${hostds}' || :`)).trim() !== '';
  const genuine = tidy(await running());
  assert.equal(await isHostds(), false);

  await t.test('a first look leaves everything as it was', async () => {
    const seen = await shell(look);
    assert.match(seen, /^pair:worker_00 +(?:STARTING|RUNNING)/m);
    assert.equal(tidy(await running()), genuine);
    assert.equal(await isHostds(), false);
  });

  await t.test("for good: the same unit, the same socket, the same answers of Debian's client", async () => {
    await shell(forGood);
    assert.equal(tidy(await running()), genuine);
    assert.equal((await shell(`pgrep -f '${hostds}'`)).trim(), await show('MainPID'));
    assert.equal(await show('StatusText'), '4 of 4 programs are running');
  });

  await t.test('kill -9: systemd starts the next one, and the programs do not notice', async () => {
    const [main, before, tick] = [await show('MainPID'), pids(await running()), await ticks()];
    await inside('kill', '-9', main);
    await until('another hostd', async () => {
      const next = await show('MainPID');
      return next !== main && next !== '0' && (await show('SubState')) === 'running';
    });
    assert.equal(await show('NRestarts'), '1');
    assert.deepEqual(pids(await running()), before);
    await until('the output to go on', async () => (await ticks()) > tick);
    // Supervised as before.
    await inside('kill', '-9', before[0] ?? '');
    await until('the killed one to be there again', async () => {
      const now = pids(await status());
      return now.length === 4 && !now.includes(before[0] ?? '');
    });
    await running();
  });

  await t.test(
    'a stop while no hostd is there ends no program, and the next start takes them over',
    async () => {
      const [main, before] = [await show('MainPID'), pids(await running())];
      // systemd waits a second (RestartSec) before it starts the next one.
      const waits = '[ "$(systemctl show --property=SubState --value supervisor)" = auto-restart ]';
      await shell(`kill -9 ${main}; until ${waits}; do :; done; systemctl stop supervisor`);
      assert.equal(await show('ActiveState'), 'inactive');
      for (const pid of before) await inside('kill', '-0', pid);
      await shell('systemctl start supervisor');
      assert.deepEqual(pids(await running()), before);
    },
  );

  await t.test('reload is what it is with Supervisor, and returns when it is done', async () => {
    const [main, before] = [await show('MainPID'), pids(await running())];
    await shell('systemctl reload supervisor');
    assert.equal(await show('MainPID'), main);
    assert.equal(await show('ActiveState'), 'active');
    const after = pids(await running());
    assert.equal(after.length, 4);
    assert.deepEqual(
      after.filter(pid => before.includes(pid)),
      [],
    );
  });

  await t.test('logrotate', async () => {
    await shell('logrotate -f /etc/logrotate.d/ticker');
    await until('the new log to grow', async () => (await ticks()) > 0);
    const size = await shell('stat -c %s /var/log/supervisor/ticker.log.1');
    const tick = await ticks();
    await until('it to grow on', async () => (await ticks()) > tick);
    assert.equal(
      await shell('stat -c %s /var/log/supervisor/ticker.log.1'),
      size,
      'nobody writes to the old one',
    );
  });

  await t.test(
    'restart stops and starts everything, and fails when the configuration is broken',
    async () => {
      const before = pids(await running());
      await shell(
        "printf '[program:bad]\\ncommand=true\\nuser=nobodyatall\\n' >/etc/supervisor/conf.d/bad.conf",
      );
      assert.notEqual((await inside('systemctl', 'restart', 'supervisor')).code, 0);
      assert.match(await shell('journalctl -u supervisor -o cat --no-pager -n 20'), /Error: .*nobodyatall/);
      await shell('rm /etc/supervisor/conf.d/bad.conf; systemctl restart supervisor');
      const after = pids(await running());
      assert.deepEqual(
        after.filter(pid => before.includes(pid)),
        [],
      );
    },
  );

  await t.test("an upgrade of Debian's package leaves hostd in place", async () => {
    const main = await show('MainPID');
    await shell(`${repack}\n${dpkg} -i /var/tmp/next.deb`);
    assert.match(await shell("dpkg-query --showformat='${Version}' --show supervisor"), /\+next$/);
    assert.equal(tidy(await running()), genuine);
    const next = await show('MainPID');
    assert.notEqual(next, main, 'dpkg restarts the unit');
    assert.equal((await shell(`pgrep -f '${hostds}'`)).trim(), next);
  });

  await t.test('a reboot', async () => {
    const boots = await shell('cat /proc/1/stat | cut -d " " -f 22');
    await inside('systemctl', 'reboot');
    await until(
      'the container to be up again',
      async () =>
        (await inside('cut', '-d', ' ', '-f', '22', '/proc/1/stat')).stdout.replace(boots, '') !== '',
      { timeout: 30_000, every: 200 },
    );
    assert.equal(tidy(await running()), genuine);
    assert.equal((await shell(`pgrep -f '${hostds}'`)).trim(), await show('MainPID'));
  });

  await t.test('and back', async () => {
    await shell(back);
    assert.equal(tidy(await running()), genuine);
    assert.equal(await isHostds(), false);
    assert.equal(
      await shell(
        'ls /etc/systemd/system/supervisor.service.d/* /usr/local/bin/supervisord 2>/dev/null || :',
      ),
      '',
    );
  });

  await t.test('from there to hostd.service and its TOML: the same processes', async () => {
    await shell(forGood);
    const before = pids(await running());
    const tick = await ticks();
    let said = '';
    for (const line of handOver.trim().split('\n')) said += await shell(line);
    assert.match(said, new RegExp(`^pair:worker_00: goes on as pair:worker_00 \\(pid ${before[0]}\\)$`, 'm'));
    assert.equal(await show('ActiveState'), 'inactive');
    assert.equal(await isHostds(), false);
    assert.deepEqual(pids(await running()), before);
    await until('the output to go on', async () => (await ticks()) > tick);
    await shell('systemctl disable --now hostd');
    assert.equal((await shell("pgrep -f '[s]leep 1111|[s]leep 2222' || :")).trim(), '');
    await shell('systemctl enable --now supervisor');
    assert.equal(tidy(await running()), genuine);
    assert.equal(await isHostds(), true);
  });

  await t.test('a purge of the package ends everything, and starts nothing again', async () => {
    await shell(`${dpkg} -P supervisor 2>&1`);
    assert.equal((await shell(`pgrep -f '${hostds}|[s]leep 1111|[s]leep 2222' || :`)).trim(), '');
    assert.notEqual((await inside('systemctl', 'start', 'supervisor')).code, 0, 'its unit is gone');
    await shell('test -f /etc/supervisor/conf.d/pair.conf');
  });
});
