// Supervisor: Debian's supervisord, with a configuration and a socket of its own.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { run } from '../../scripts/run.ts';
import type { Peer, Subject } from './peer.ts';

export const supervisor: Peer = {
  name: 'Supervisor',
  async find() {
    const { code, stdout } = await run(['supervisord', '--version']);
    if (code !== 0)
      throw new Error('cannot find supervisord\n  try: apt-get install --no-install-recommends supervisor');
    return stdout.trim();
  },
  async start({ dir, mark }, subjects) {
    const config = `${dir}/supervisord.conf`;
    writeFileSync(config, [daemon(dir), ...subjects.map(program)].join('\n'));
    const env = { PATH: process.env['PATH'], ...mark };
    const child = spawn('supervisord', ['-n', '-c', config], { env, stdio: 'ignore' });
    const ask = (...args: string[]) => ({ argv: ['supervisorctl', '-c', config, ...args] as const, env });
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

function daemon(dir: string): string {
  return `[supervisord]
logfile=${dir}/supervisord.log
pidfile=${dir}/supervisord.pid
childlogdir=${dir}
[unix_http_server]
file=${dir}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${dir}/supervisor.sock
`;
}

/** Its log settings are the defaults, except for the path. */
function program({ name, argv, log }: Subject): string {
  return `[program:${name}]
command=${argv.join(' ')}
autorestart=true
redirect_stderr=true
stdout_logfile=${log ?? '/dev/null'}
${log === null ? 'stdout_logfile_maxbytes=0\n' : ''}`;
}
