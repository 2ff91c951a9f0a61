// Debian's supervisord and nginx, as in the well-known article: gunicorn binds its own socket, and `restart` is the deploy.
// Nothing here may block, since the load's clients run in this process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { testAccounts } from '../../integration/harness/accounts.ts';
import { tinyApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';
import { until } from '../../integration/harness/until.ts';
import { startNginx } from '../../integration/proxy/nginx.ts';
import { plainSite } from '../../integration/proxy/plain-site.ts';
import { run } from '../../scripts/run.ts';
import { mastersIn } from './hostd.ts';
import type { Stack } from './stack.ts';

export async function supervisorAndNginx(place: Place): Promise<Stack> {
  const { a: account } = await testAccounts();
  const app = await tinyApp(place, { account });
  const env = Object.entries(place.env).map(([key, value]) => `${key}="${value}"`);
  const config = place.write(
    'supervisord.conf',
    `[supervisord]
logfile=${place.dir}/supervisord.log
pidfile=${place.dir}/supervisord.pid
[unix_http_server]
file=${place.dir}/supervisor.sock
[supervisorctl]
serverurl=unix://${place.dir}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:tiny]
command=${app.root}/bin/gunicorn tiny.wsgi:application --name tiny_app --workers 3 --bind unix:${app.socket} --umask 0
directory=${app.root}/tiny
user=${account.name}
environment=HOME="${app.root}",${env.join(',')}
stdout_logfile=${app.root}/logs/gunicorn_supervisor.log
redirect_stderr=true
`,
  );
  let daemon = await startSupervisor(place, config, app.socket);
  const nginx = await startNginx(place.directory('front'), [plainSite('tiny', app.host, app.socket)]);
  place.after(() => nginx.stop());
  place.after(() => void daemon.kill('SIGTERM'));
  return {
    name: 'supervisord + nginx',
    port: nginx.port,
    host: app.host,
    masters: () => mastersIn(place),
    async killSupervisor() {
      const gone = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await gone;
      daemon = await startSupervisor(place, config, app.socket);
    },
    async deploy() {
      await run(['supervisorctl', '-c', config, 'restart', 'tiny']);
    },
  };
}

async function startSupervisor(place: Place, config: string, socket: string): Promise<ChildProcess> {
  const child = spawn('supervisord', ['-n', '-c', config], {
    env: { ...process.env, ...place.env },
    stdio: 'ignore',
  });
  await until('supervisord to run the app', async () => {
    const { stdout } = await run(['supervisorctl', '-c', config, 'status']);
    return stdout.includes('RUNNING');
  });
  await until('the socket', () => existsSync(socket));
  return child;
}
