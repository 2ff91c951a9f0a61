// Apps for tests: an app root by the usual layout, whose bin/ points at a cached virtualenv, with a tiny WSGI
// application or one of demo/'s Django sites in it.

import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { makeDirectories, type SiteName } from '../../scripts/django-site.ts';
import type { TomlTable } from '../../scripts/toml-text.ts';
import { type Account, groupOf, self } from './accounts.ts';
import { installKeptSite } from './kept-sites.ts';
import type { Place } from './place.ts';
import { type Vintage, virtualenv } from './virtualenvs.ts';

export interface TestApp {
  readonly name: string;
  readonly root: string;
  readonly account: Account;
  readonly host: string;
  readonly socket: string;
  /** The table [app.NAME]. */
  readonly table: TomlTable;
}

export interface AppOptions {
  readonly name?: string;
  readonly account?: Account;
  readonly vintage?: Vintage;
  /** More keys of [app.NAME], or other values for its keys. */
  readonly keys?: TomlTable;
  /** More of the app's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const tiny = new URL('tiny_wsgi.py', import.meta.url);

/** A WSGI application without Django. tiny_wsgi.py lists its answers. `source` is another module in its place. */
export async function tinyApp(
  place: Place,
  options: AppOptions & { source?: string } = {},
): Promise<TestApp> {
  const name = options.name ?? 'tiny';
  const app = await appRoot(place, name, options);
  const source = options.source ?? readFileSync(tiny, 'utf8');
  for (const [file, text] of [
    ['__init__.py', ''],
    ['settings.py', ''],
    ['wsgi.py', source],
  ] as const) {
    place.write(`webapps/${name}/${name}/${name}/${file}`, text);
  }
  return app;
}

/** demo/hello or demo/goodbye with its database and its static files. */
export async function djangoApp(place: Place, name: SiteName, options: AppOptions = {}): Promise<TestApp> {
  const secret = { SECRET_KEY: `only for tests ${place.dir}` };
  const app = await appRoot(place, name, { ...options, name, env: { ...secret, ...options.env } });
  const site = { name, root: app.root, account: app.account, env: secret };
  await installKeptSite(site, options.vintage ?? 'recent');
  return app;
}

async function appRoot(place: Place, name: string, options: AppOptions): Promise<TestApp> {
  const { account = self(), vintage = 'recent' } = options;
  const venv = virtualenv(vintage).root;
  const root = place.directory(`webapps/${name}`);
  for (const program of ['gunicorn', 'python']) {
    // A script, so that the program finds its own virtualenv. exec keeps the pid that LISTEN_PID names.
    place.write(`webapps/${name}/bin/${program}`, `#!/bin/sh\nexec ${venv}/bin/${program} "$@"\n`, 0o755);
  }
  chmodSync(root, 0o755);
  chownSync(root, account.uid, account.gid);
  await makeDirectories({ root, account });
  const table = {
    root,
    user: account.name,
    group: groupOf(account),
    project: `${root}/${name}`,
    settings: `${name}.settings`,
    wsgi: `${name}.wsgi`,
    workers: 1,
    server_names: [`${name}.test`],
    env: { ...place.env, ...options.env },
    ...options.keys,
  };
  return { name, root, account, host: `${name}.test`, socket: `${root}/run/gunicorn.sock`, table };
}
