import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Examined } from '../../doctor/examine.ts';
import { HostdError } from '../../errors.ts';
import type { ExaminedReport } from '../../protocol/doctor.ts';
import type { Request } from './client.ts';
import { examineAsRoot, withAppsOf } from './root-doctor.ts';

const report = (name: string | null): ExaminedReport => ({
  name,
  errors: 0,
  warnings: 0,
  findings: [],
  not_looked_at: [],
});
const seen = (name: string | null, why: string): Examined => ({
  name,
  findings: [],
  unseen: [{ check: 'static', why }],
});

/** What is asked of hostd, and what is seen. `refusals`: by app. */
async function look(names: readonly string[], refusals: Readonly<Record<string, HostdError>> = {}) {
  const asked: Request[] = [];
  const refused: HostdError[] = [];
  const client = {
    async get<T>(request: Request): Promise<T> {
      asked.push(request);
      const { name } = request.body as { name: string };
      if (refusals[name] !== undefined) throw refusals[name];
      return [report(null), report(name)] as T;
    },
  };
  async function* own(name: string) {
    yield seen(null, 'mine');
    yield seen(name, 'mine');
  }
  const order = { names, wake: true };
  const all: Examined[] = [];
  for await (const one of examineAsRoot(client, order, own, why => void refused.push(why))) all.push(one);
  const who = all.map(({ name, unseen }) => `${name}${unseen.length > 0 ? ' by oneself' : ''}`);
  return { asked: asked.map(({ path, body }) => [path, body]), refused, who };
}

test('the machine is told once, before the apps', async () => {
  const { asked, refused, who } = await look(['blog', 'shop']);
  assert.deepEqual(asked, [
    ['doctor', { name: 'blog', wake: true }],
    ['doctor', { name: 'shop', wake: true }],
  ]);
  assert.deepEqual(refused, []);
  assert.deepEqual(who, ['null', 'blog', 'shop']);
});

test('where hostd does not look, the user does, and is told why', async () => {
  const busy = new HostdError('failed', 'the doctor is at "x"');
  const { refused, who } = await look(['blog', 'shop'], { blog: busy });
  assert.deepEqual(refused, [busy]);
  assert.deepEqual(who, ['null by oneself', 'blog by oneself', 'shop']);
});

test('an app that hostd does not have yet is in the files alone', async () => {
  const { refused, who } = await look(['new'], { new: new HostdError('unknown-name', 'no such app') });
  assert.deepEqual(refused, []);
  assert.deepEqual(who, ['null by oneself', 'new by oneself']);
});

test('apps whose files this user may not read are known by hostd', () => {
  const programs = [{ app: 'shop' }, { app: 'shop' }, { app: null }];
  assert.deepEqual(withAppsOf({ programs } as never, ['blog']), ['blog', 'shop']);
});
