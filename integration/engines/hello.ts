// The demo's hello site as an engine runs it: its root, an image of it, and what its copies tell this machine of themselves.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { installSite } from '../../scripts/django-site.ts';
import type { TomlTable } from '../../scripts/toml-text.ts';
import { self } from '../harness/accounts.ts';
import type { TestApp } from '../harness/apps.ts';
import type { Place } from '../harness/place.ts';
import { virtualenv } from '../harness/virtualenvs.ts';

/** Tells this machine each moment who runs; sleeps without a hurry, since a container that is stopped ends it. */
const beat = `import os, socket, sys, time, urllib.request
while True:
    try:
        urllib.request.urlopen(os.environ["BEATS"] + sys.argv[1] + "/" + socket.gethostname(), timeout=5).read()
    except OSError:
        pass
    if sys.argv[1] == "minutely":
        break
    time.sleep(0.2)
`;

/** The same code in every roll-out, but for the version that an answer names. "broken" does not load. */
function wsgi(version: string): string {
  if (version === 'broken') return 'raise ImportError("broken on purpose")\n';
  return `import os, socket
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hello.settings")
site = get_wsgi_application()
def application(environ, start_response):
    def start(status, headers, *more):
        return start_response(status, headers + [("X-Version", "${version}"), ("X-Copy", socket.gethostname())], *more)
    return site(environ, start)
`;
}

/** hello in a root outside /tmp, which containers have for themselves. `setVersion` changes its code. */
export async function makeHello(place: Place, beats: string, more: TomlTable) {
  const top = mkdtempSync('/var/tmp/hostd-engines-');
  place.after(() => rmSync(top, { recursive: true, force: true, maxRetries: 3 }));
  chmodSync(top, 0o755);
  const root = `${top}/hello`;
  const venv = virtualenv('recent').root;
  mkdirSync(`${root}/bin`, { recursive: true });
  for (const program of ['gunicorn', 'python'])
    writeFileSync(`${root}/bin/${program}`, `#!/bin/sh\nexec ${venv}/bin/${program} "$@"\n`, { mode: 0o755 });
  writeFileSync(`${root}/beat.py`, beat);
  const account = self();
  await installSite({ name: 'hello', root, account, env: { SECRET_KEY: 'only for tests' } });
  const table: TomlTable = {
    root,
    user: account.name,
    workers: 2,
    server_names: ['hello.test'],
    health: '/healthz',
    media: false,
    env: { SECRET_KEY: 'only for tests', BEATS: beats, ...place.env },
    program: {
      beat: { command: `${root}/bin/python ${root}/beat.py beat` },
      minutely: {
        command: `${root}/bin/python ${root}/beat.py minutely`,
        schedule: '* * * * *',
        timezone: 'Europe/Berlin',
      },
    },
    ...more,
  };
  const app: TestApp = {
    name: 'hello',
    root,
    account,
    host: 'hello.test',
    socket: `${root}/run/gunicorn.sock`,
    table,
  };
  const setVersion = (version: string) => writeFileSync(`${root}/hello/hello/wsgi.py`, wsgi(version));
  return { app, venv, setVersion };
}

/** A server that hears who runs. `seen(what)`: who has told of it, and when last. */
export async function hearBeats(place: Place, host: string) {
  const seen = new Map<string, Map<string, number>>();
  const counts = new Map<string, number>();
  const server = createServer((req, res) => {
    const [, what = '', who = ''] = (req.url ?? '').split('/');
    if (!seen.has(what)) seen.set(what, new Map());
    seen.get(what)?.set(who, performance.now());
    counts.set(what, (counts.get(what) ?? 0) + 1);
    res.end();
  });
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  place.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}/`,
    /** Those that have told of it within so many milliseconds. */
    recent: (what: string, ms: number) =>
      [...(seen.get(what) ?? [])].filter(([, at]) => performance.now() - at < ms).map(([who]) => who),
    count: (what: string) => counts.get(what) ?? 0,
  };
}
