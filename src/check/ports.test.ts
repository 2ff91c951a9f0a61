import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Host } from '../model/host.ts';
import { checkPorts } from './ports.ts';

/** A process that listens under this name. Returns its port. */
async function listener(t: TestContext, name: string): Promise<number> {
  const script = `process.title = '${name}';
    require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return Number(line);
}

function hostAt(port: number): Host {
  const proxy = { enabled: true, listen: [{ host: '127.0.0.1', port }], tlsListen: [] };
  const settings = { file: '/hostd.toml', proxy, control: { socket: '/nonexistent/hostd.sock' } };
  return { settings, sites: [] } as unknown as Host;
}

test('a proxy worker that a killed hostd has left is no stranger: nobody is told to kill it', async t => {
  assert.deepEqual(checkPorts(hostAt(await listener(t, 'hostd-proxy'))), []);
  const [problem] = checkPorts(hostAt(await listener(t, 'stranger')));
  assert.match(problem?.message ?? '', /is used by /);
});
