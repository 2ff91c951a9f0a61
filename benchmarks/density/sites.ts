// The sites: demo/'s hello, installed once and then copied, each with a database of its own.

import { chownSync } from 'node:fs';
import { testAccounts } from '../../integration/harness/accounts.ts';
import { djangoApp, type TestApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';
import { must } from '../../scripts/run.ts';

/** gunicorn workers of each site. */
export const workers = 3;
/** SECRET_KEY and the host names, for the environment of each app. */
export const siteEnv = { SECRET_KEY: 'only for a benchmark', ALLOWED_HOSTS: '.test' };

export async function makeSites(place: Place, count: number): Promise<readonly TestApp[]> {
  const { a: account } = await testAccounts();
  const first = await djangoApp(place, 'hello', { account, env: siteEnv, keys: { workers } });
  const all: TestApp[] = [];
  for (let number = 1; number <= count; number++) {
    const name = `site${number}`;
    const root = `${place.dir}/webapps/${name}`;
    const host = `${name}.test`;
    await must(`copy ${first.root}`, ['cp', '-a', first.root, root]);
    chownSync(root, account.uid, account.gid);
    const table = { ...first.table, root, project: `${root}/hello`, server_names: [host] };
    all.push({ name, root, account, host, socket: `${root}/run/gunicorn.sock`, table });
  }
  return all;
}
