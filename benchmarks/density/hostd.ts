// hostd with its own proxy: as it is, with preload, and asleep without visitors.

import type { TestApp } from '../../integration/harness/apps.ts';
import { startHostd } from '../../integration/harness/hostd.ts';
import type { TomlTable } from '../../scripts/toml-text.ts';
import { idleSeconds, type Stack } from './stack.ts';

export const hostds: readonly Stack[] = [
  make('hostd', 'hostd', {}),
  make('preload', 'hostd, preload', { preload: true }),
  make('on-demand', 'hostd, on demand', { on_demand: true, idle_timeout: `${idleSeconds}s` }, true),
];

function make(name: string, title: string, keys: TomlTable, sleeps = false): Stack {
  return {
    name,
    title,
    sleeps,
    async start(place, sites) {
      const apps = sites.map((site): TestApp => ({ ...site, table: { ...site.table, ...keys } }));
      return (await startHostd(place, { apps })).port;
    },
  };
}
