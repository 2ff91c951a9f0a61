// runit: runsvdir with a runsv for each program. Neither is pid 1 here.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { childrenOf } from '../../integration/harness/processes.ts';
import { run } from '../../scripts/run.ts';
import type { Peer, Subject } from './peer.ts';

export const runit: Peer = {
  name: 'runit',
  logsToDirectory: true,
  async find() {
    for (const command of ['runsvdir', 'runsv', 'sv', 'svlogd'] as const) {
      const { code } = await run(['sh', '-c', `command -v ${command}`]);
      if (code !== 0)
        throw new Error(`cannot find ${command}\n  try: apt-get install --no-install-recommends runit`);
    }
    const { stdout } = await run(['dpkg-query', '--show', 'runit']);
    return stdout.trim().split('\t')[1] ?? 'of unknown version';
  },
  async start({ dir, mark }, subjects) {
    const services = `${dir}/service`;
    for (const subject of subjects) install(services, subject);
    const env = { PATH: process.env['PATH'], SVDIR: services, ...mark };
    const child = spawn('runsvdir', [services], { env, stdio: 'ignore' });
    const own = (): number[] => {
      if (child.pid === undefined) return [];
      const keepers = childrenOf(child.pid).filter(({ command }) => command.startsWith('runsv '));
      const loggers = keepers.flatMap(({ pid }) =>
        childrenOf(pid).filter(p => p.command.startsWith('svlogd')),
      );
      return [child.pid, ...keepers.map(({ pid }) => pid), ...loggers.map(({ pid }) => pid)];
    };
    const names = subjects.map(({ name }) => `${services}/${name}`);
    const sv = (...args: string[]) => ({ argv: ['sv', '-w', '60', ...args] as const, env });
    return {
      processes: own,
      status: name => sv('status', `${services}/${name}`),
      saysRunning: (text, pid) => text.startsWith('run: ') && text.includes(`(pid ${pid})`),
      stopAll: sv('stop', ...names),
      startAll: sv('start', ...names),
      // runsvdir(8): on HUP it sends TERM to each runsv and ends.
      shutdown: () => void child.kill('SIGHUP'),
    };
  },
};

function install(services: string, { name, argv, log }: Subject): void {
  const directory = `${services}/${name}`;
  mkdirSync(directory, { recursive: true });
  const script = (file: string, command: string) =>
    writeFileSync(file, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
  script(`${directory}/run`, `${argv.join(' ')} 2>&1${log === null ? ' >/dev/null' : ''}`);
  if (log === null) return;
  mkdirSync(`${directory}/log`);
  mkdirSync(log, { recursive: true });
  writeFileSync(`${log}/config`, 's50000000\nn11\n');
  script(`${directory}/log/run`, `svlogd ${log}`);
}
