// The step "driver": the package that Django needs for PostgreSQL.

import { noteInstalled, pipInstall, reachesNoIndex, useDebians } from './packages.ts';
import { failed, must } from './run.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

const debianDriver = 'python3-psycopg2';

export async function installDriver(site: Site): Promise<Outcome> {
  const { run, order } = site;
  const python = `${order.root}/bin/python`;
  const driver = `
try:
    import psycopg
except ImportError:
    import psycopg2
`;
  const isThere = async () => (await run(asApp(site, [python, '-c', driver]))).code === 0;
  if (await isThere()) return there;
  // Django knows psycopg 3 from 4.2 on.
  const code = 'import django; print("psycopg[binary]" if django.VERSION >= (4, 2) else "psycopg2-binary")';
  const name = (await must(run, 'ask Django for its version', asApp(site, [python, '-c', code]))).trim();
  const wanted = name === 'psycopg[binary]' ? name : 'psycopg2-binary';
  await noteInstalled(site);
  const command = pipInstall(site, [wanted]);
  const ran = await run(command);
  if (ran.code === 0 && (await isThere())) return made(`installed (${wanted})`);
  const absent = /No matching distribution found for psycopg/.test(ran.stderr);
  if (ran.code === 0 || !(reachesNoIndex(ran) || absent)) throw failed(`install ${wanted}`, command, ran);
  await useDebians(site, [debianDriver], []);
  if (!(await isThere())) throw failed(`install ${wanted}`, command, ran);
  return made(`installed (${debianDriver})`);
}
