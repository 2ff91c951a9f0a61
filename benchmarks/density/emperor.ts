// Debian's uWSGI Emperor with on-demand vassals, and nginx: the Emperor holds the sockets, and a vassal without requests ends.

import { spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import { proxyAccount } from '../../integration/harness/accounts.ts';
import type { TestApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';
import { virtualenv } from '../../integration/harness/virtualenvs.ts';
import { startFront } from './front.ts';
import { siteEnv, workers } from './sites.ts';
import { idleSeconds, type Stack } from './stack.ts';

export const emperor: Stack = {
  name: 'emperor',
  title: 'uWSGI Emperor',
  sleeps: true,
  async start(place, sites) {
    const vassals = place.directory('vassals');
    const sockets = place.directory('sockets');
    const own = proxyAccount();
    chownSync(sockets, own.uid, own.gid);
    const socketOf = ({ name }: TestApp) => `${sockets}/${name}.sock`;
    for (const site of sites) {
      const file = place.write(`vassals/${site.name}.ini`, vassal(place, site));
      // A tyrant runs each vassal as the owner of its file.
      chownSync(file, site.account.uid, site.account.gid);
      place.write(`vassals/${site.name}.ini.socket`, socketOf(site));
    }
    const config = place.write(
      'emperor.ini',
      `[uwsgi]
master = true
emperor = ${vassals}
emperor-tyrant = true
emperor-on-demand-extension = .socket
cap = setgid,setuid
uid = ${own.name}
gid = ${own.gid}
logto = ${sockets}/emperor.log
`,
    );
    // SIGTERM makes uWSGI start anew; SIGQUIT ends it, with its vassals.
    const child = spawn('uwsgi', ['--ini', config], {
      env: { ...process.env, ...place.env },
      stdio: 'ignore',
    });
    place.after(() => void child.kill('SIGQUIT'));
    return await startFront(
      place,
      sites.map(site => ({ name: site.name, host: site.host, socket: socketOf(site) })),
    );
  },
};

function vassal({ env }: Place, { root }: TestApp): string {
  const all = { HOME: root, DJANGO_SETTINGS_MODULE: 'hello.settings', ...siteEnv, ...env };
  return `[uwsgi]
plugin = python3
protocol = http
virtualenv = ${virtualenv('recent').root}
chdir = ${root}/hello
module = hello.wsgi
master = true
processes = ${workers}
idle = ${idleSeconds}
die-on-idle = true
logto = ${root}/logs/uwsgi.log
${Object.entries(all)
  .map(([key, value]) => `env = ${key}=${value}`)
  .join('\n')}
`;
}
