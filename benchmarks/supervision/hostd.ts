// hostd itself, from this checkout's dist/.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../scripts/run.ts';
import { tomlText } from '../../scripts/toml-text.ts';
import type { Peer, Subject } from './peer.ts';

// The tree to measure. Another build can be compared with this one.
const home = process.env['HOSTD_HOME'] ?? join(import.meta.dirname, '../..');

export const hostd: Peer = {
  name: 'hostd',
  async find() {
    return (await must('find hostd', [`${home}/bin/hostctl`, 'version'])).trim();
  },
  async start({ dir, mark }, subjects) {
    const config = `${dir}/hostd.toml`;
    const socket = `${dir}/hostd.sock`;
    writeFileSync(
      config,
      tomlText({
        hostd: { include: [], runtime_dir: `${dir}/run`, state_dir: `${dir}/lib`, log_dir: `${dir}/log` },
        control: { socket },
        proxy: { enabled: false },
        program: Object.fromEntries(subjects.map(subject => [subject.name, table(subject)])),
      }),
    );
    const env = { PATH: process.env['PATH'], HOSTD_SOCKET: socket, ...mark };
    const output = `${dir}/hostd.log`;
    const child = spawn('/bin/sh', ['-c', `exec "${home}/bin/hostd" start -c "${config}" 2>"${output}"`], {
      env,
      stdio: 'ignore',
    });
    child.on('exit', code => {
      if (code)
        process.stderr.write(`hostd ended with ${code}:\n${readFileSync(output, 'utf8').slice(-2000)}`);
    });
    const ask = (...args: string[]) => ({ argv: [`${home}/bin/hostctl`, ...args] as const, env });
    return {
      processes: () => (child.pid === undefined ? [] : [child.pid]),
      status: name => ask('status', name),
      saysRunning: (text, pid) => new RegExp(`RUNNING +pid ${pid},`).test(text),
      stopAll: ask('stop', 'all'),
      startAll: ask('start', 'all'),
      shutdown: () => void child.kill('SIGTERM'),
    };
  },
};

function table({ argv, log }: Subject) {
  return {
    command: argv.join(' '),
    autorestart: true,
    redirect_stderr: true,
    stdout_logfile: log ?? '/dev/null',
    ...(log === null ? {} : { stdout_logfile_maxbytes: '50MB', stdout_logfile_backups: 10 }),
  };
}
