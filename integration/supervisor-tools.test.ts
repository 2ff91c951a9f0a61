// What others wrote for Supervisor works with hostd: Prometheus' node_exporter, and Ansible's module.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';
import { isServed } from './supervisor/raw.ts';

const exporter = findProgram('prometheus-node-exporter');
const ansible = findProgram('ansible');

async function start(place: Place) {
  const socket = `${place.directory('rpc')}/s.sock`;
  const port = await freePort();
  const hostd = await startHostd(place, {
    config: {
      proxy: { enabled: false },
      supervisor: { socket, listen: `127.0.0.1:${port}`, user: 'u', password: 'geheim' },
      program: { cat: { command: '/bin/cat' }, man: { command: '/bin/cat', autostart: false } },
    },
  });
  await until('the socket', () => isServed(socket));
  await hostd.state('cat', 'RUNNING');
  return { hostd, socket, port };
}

test("node_exporter's collector reads every process's state", {
  skip: exporter === undefined ? 'needs node_exporter: apt-get install prometheus-node-exporter' : false,
}, async t => {
  const place = makePlace(t);
  const { hostd, port } = await start(place);
  const own = await freePort();
  const child = spawn(
    exporter ?? '',
    [
      '--collector.disable-defaults',
      '--collector.supervisord',
      `--collector.supervisord.url=http://u:geheim@127.0.0.1:${port}/RPC2`,
      `--web.listen-address=127.0.0.1:${own}`,
    ],
    { env: { PATH: process.env['PATH'], ...place.env }, stdio: 'ignore' },
  );
  place.after(() => void child.kill());
  const metrics = await until('the exporter', async () => {
    const answer = await fetch(`http://127.0.0.1:${own}/metrics`).catch(() => null);
    return answer === null ? null : answer.text();
  });
  assert.match(metrics, /node_scrape_collector_success\{collector="supervisord"\} 1/);
  assert.match(metrics, /node_supervisord_up\{group="cat",name="cat"\} 1/);
  assert.match(metrics, /node_supervisord_up\{group="man",name="man"\} 0/);
  assert.match(metrics, /node_supervisord_state\{group="cat",name="cat"\} 20/);
  const { pid } = await hostd.state('cat', 'RUNNING');
  assert.ok(pid !== null);
});

test("Ansible's module starts, restarts and stops, by supervisorctl and by hostctl of that name", {
  skip: ansible === undefined ? 'needs Ansible: apt-get install ansible supervisor' : false,
}, async t => {
  const place = makePlace(t);
  const { hostd, socket } = await start(place);
  const link = `${place.dir}/supervisorctl`;
  symlinkSync(`${checkout}/bin/hostctl`, link);
  const tell = async (state: string, ctl: string) => {
    const told = `name=man state=${state} server_url=unix://${socket} username=u password=geheim supervisorctl_path=${ctl}`;
    const { stdout, stderr, code } = await run(
      [ansible ?? '', 'localhost', '-c', 'local', '-m', 'community.general.supervisorctl', '-a', told],
      {
        env: {
          ...process.env,
          HOME: place.dir,
          ANSIBLE_LOCALHOST_WARNING: 'False',
          LANG: 'C.UTF-8',
          ...place.env,
        },
        timeout: 120_000,
      },
    );
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout;
  };
  for (const ctl of [findProgram('supervisorctl') ?? link, link]) {
    assert.match(await tell('started', ctl), /"changed": true/);
    await hostd.state('man', 'RUNNING');
    assert.match(await tell('started', ctl), /"changed": false/);
    assert.match(await tell('restarted', ctl), /"changed": true/);
    assert.match(await tell('stopped', ctl), /"changed": true/);
    await hostd.state('man', 'STOPPED');
    assert.match(await tell('present', ctl), /"changed": false/);
  }
});
