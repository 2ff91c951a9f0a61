// Debian's supervisord and nginx: each gunicorn binds its own socket and runs all day.

import { spawn } from 'node:child_process';
import type { TestApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';
import { startFront } from './front.ts';
import { siteEnv, workers } from './sites.ts';
import type { Stack } from './stack.ts';

export const supervisor: Stack = {
  name: 'supervisor',
  title: 'supervisord',
  sleeps: false,
  async start(place, sites) {
    const config = place.write(
      'supervisord.conf',
      [daemon(place.dir), ...sites.map(program(place))].join('\n'),
    );
    const child = spawn('supervisord', ['-n', '-c', config], {
      env: { ...process.env, ...place.env },
      stdio: 'ignore',
    });
    place.after(() => void child.kill('SIGTERM'));
    return await startFront(
      place,
      sites.map(({ name, host, socket }) => ({ name, host, socket })),
    );
  },
};

function daemon(dir: string): string {
  return `[supervisord]
logfile=${dir}/supervisord.log
pidfile=${dir}/supervisord.pid
childlogdir=${dir}
minfds=4096`;
}

/** As in the well-known article, without the shell script. */
function program({ env }: Place): (site: TestApp) => string {
  return ({ name, root, account, socket }) => {
    const all = { HOME: root, DJANGO_SETTINGS_MODULE: 'hello.settings', ...siteEnv, ...env };
    const environment = Object.entries(all).map(([key, value]) => `${key}="${value}"`);
    return `[program:${name}]
command=${root}/bin/gunicorn hello.wsgi:application --name ${name} --workers ${workers} --bind unix:${socket} --umask 0
directory=${root}/hello
user=${account.name}
environment=${environment.join(',')}
stdout_logfile=${root}/logs/gunicorn_supervisor.log
redirect_stderr=true
`;
  };
}
