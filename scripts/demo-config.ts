// Writes the demo's hostd.toml and apps.d/, as a person would by hand, with all paths inside the demo's directory.

import { writeFileSync } from 'node:fs';
import { native } from '../src/native/index.ts';
import type { DemoPlace, Memory } from './demo-place.ts';
import { proxyAccount, siteNames } from './demo-place.ts';
import type { SiteName } from './django-site.ts';
import type { Account } from './run.ts';
import { type TomlTable, tomlText } from './toml-text.ts';

/** Returns the path of hostd.toml. */
export function writeConfig(
  place: DemoPlace,
  port: number,
  memory: Memory,
  accounts: Readonly<Record<SiteName, Account>>,
): string {
  const { dir } = place;
  const file = `${dir}/etc/hostd.toml`;
  writeFileSync(file, heading + tomlText(hostTable(dir, port)));
  for (const name of siteNames) {
    const table = appTable(name, place.root(name), accounts[name], memory.secretKeys[name], dir);
    // Only the app's user may read its SECRET_KEY.
    const text = heading + tomlText({ app: { [name]: table } });
    writeFileSync(`${dir}/etc/apps.d/${name}.toml`, text, { mode: 0o600 });
  }
  return file;
}

const heading = '# Written by `npm run demo`, anew each time.\n\n';

function hostTable(dir: string, port: number): TomlTable {
  return {
    hostd: {
      include: ['apps.d/*.toml'],
      runtime_dir: `${dir}/run`,
      state_dir: `${dir}/lib`,
      log_dir: `${dir}/log`,
    },
    control: { socket: `${dir}/run/hostd.sock`, group: nameOfGroup(process.getgid?.() ?? 0) },
    proxy: { enabled: true, listen: [`127.0.0.1:${port}`], user: proxyAccount().name, workers: 1 },
  };
}

function appTable(name: SiteName, root: string, account: Account, secretKey: string, dir: string): TomlTable {
  return {
    root,
    user: account.name,
    group: nameOfGroup(account.gid),
    project: `${root}/${name}`,
    settings: `${name}.settings`,
    wsgi: `${name}.wsgi`,
    workers: 2,
    server_names: [`${name}.test`],
    health: '/healthz',
    // HOSTD_DEMO marks the demo's processes, so that it finds any that are left when it ends.
    env: { SECRET_KEY: secretKey, HOSTD_DEMO: dir },
  };
}

function nameOfGroup(gid: number): string {
  return native.group(gid)?.name ?? String(gid);
}
