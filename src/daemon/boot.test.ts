import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryAfter } from '../config/fixture.test.ts';
import { withRunning } from './boot.ts';
import type { Supervisor } from './fleet/supervisor.ts';
import type { Records } from './runs/records.ts';

const app = (name: string) => `[app.${name}]\nroot = "/webapps/${name}"\nwsgi = "${name}.wsgi"\n`;

test('of the apps whose file is broken now, those that run are kept as they were, and no other comes back', () => {
  const files = { 'hostd.toml': '', 'apps.d/a.toml': app('up'), 'apps.d/b.toml': app('down') };
  const broken = { ...files, 'apps.d/a.toml': '[app.up', 'apps.d/b.toml': '[app.down' };
  const loaded = tryAfter(files, broken);
  const last = loaded.incumbents ?? assert.fail();
  const running = last.programs.filter(program => program.app === 'up');
  const supervisor = { units: () => running.map(program => ({ program })) } as unknown as Supervisor;
  const records = { readHost: () => last } as unknown as Records;
  const names = withRunning(supervisor, loaded, records).apps.map(({ name }) => name);
  assert.deepEqual(names, ['up']);
});
