// Puts one of demo/'s Django projects into an app's root and makes it ready. The app's own user does everything below the root, so that
// root follows no path that an app could have prepared.

import { join } from 'node:path';
import { type Account, must, run } from './run.ts';

export type SiteName = 'hello' | 'goodbye';

export interface Site {
  readonly name: SiteName;
  /** The app's root: bin/python is there already. */
  readonly root: string;
  readonly account: Account;
  /** SECRET_KEY and whatever else the settings read. */
  readonly env: Readonly<Record<string, string>>;
}

const projects = join(import.meta.dirname, '../demo/');

/** The article's directories, and data/ for the database; the app's user makes them. */
export async function makeDirectories({ root, account }: Pick<Site, 'root' | 'account'>): Promise<void> {
  const below = ['logs', 'run', 'static', 'media', 'data'].map(name => `${root}/${name}`);
  await must(`make the directories below ${root}`, ['mkdir', '-p', ...below], { as: account });
  await must(`close ${root}/data`, ['chmod', '750', `${root}/data`], { as: account });
}

/** Copies the project's code. The caller reads it and the app's user writes it, since each may lack the other's rights. */
export async function copyProject({ name, root, account }: Site): Promise<void> {
  const tar = ['tar', '-C', projects, '--exclude=__pycache__', '-cf', '-', name] as const;
  const packed = await run(tar);
  if (packed.code !== 0) throw new Error(`cannot read ${projects}${name}: ${packed.stderr}`);
  await must('remove the old code', ['rm', '-rf', `${root}/${name}`], { as: account });
  const unpack = ['tar', '-C', root, '--no-same-owner', '-xf', '-'] as const;
  await must(`copy the project to ${root}`, unpack, { as: account, input: packed.bytes });
  await must('open it to read', ['chmod', '-R', 'u+rwX,go+rX,go-w', `${root}/${name}`], { as: account });
}

/** `manage.py ...` as the app's user. */
export async function manage(
  site: Site,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const python = `${site.root}/bin/python`;
  return await must(`run manage.py ${args[0]} of ${site.name}`, [python, 'manage.py', ...args], {
    as: site.account,
    cwd: `${site.root}/${site.name}`,
    env: { PATH: '/usr/bin:/bin', HOME: site.root, LANG: 'C.UTF-8', ...site.env, ...env },
  });
}

/** Prepares code, database and static files. Done again after a change of the code. */
export async function installSite(site: Site): Promise<void> {
  await makeDirectories(site);
  await copyProject(site);
  await manage(site, ['migrate', '--verbosity=0']);
  await manage(site, ['collectstatic', '--noinput', '--verbosity=0']);
}

/** Makes the admin's superuser, or gives it this password. */
export async function ensureAdmin(site: Site, name: string, password: string): Promise<void> {
  const env = { DJANGO_SUPERUSER_USERNAME: name, DJANGO_SUPERUSER_PASSWORD: password };
  await manage(site, ['ensure_admin'], env);
}
