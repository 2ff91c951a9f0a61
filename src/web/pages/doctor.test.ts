import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExaminedReport } from '../../protocol/doctor.ts';
import { doctorPage, inShort } from './doctor.ts';
import type { Viewer } from './frame.ts';

const viewer: Viewer = { machine: 'm', user: 'u', mayOperate: true, token: 't', notice: null };
const report = (name: string | null, errors: number): ExaminedReport => ({
  name,
  errors,
  warnings: 0,
  findings: [],
  not_looked_at: [],
});
const page = (viewed: Viewer, found: readonly ExaminedReport[] | null) => {
  const outcome = found === null ? null : ({ kind: 'examined', ended: 60_000, found } as const);
  return doctorPage(viewed, 'shop', { begun: 0, outcome }, 61_000);
};

test('the app comes before the machine, unless the machine is what is wrong', () => {
  const titles = (...found: readonly ExaminedReport[]) =>
    [...page(viewer, found).matchAll(/<h2>([^<]*)</g)].map(([, title]) => title);
  assert.deepEqual(titles(report(null, 0), report('shop', 2)), ['shop: 2 errors', 'The machine: ok']);
  assert.deepEqual(titles(report(null, 1), report('shop', 2)), ['The machine: 1 error', 'shop: 2 errors']);
});

test('the button is for who may operate, while nothing is under way', () => {
  const hasButton = (text: string) => text.includes('action="/programs/shop/doctor"');
  assert.ok(hasButton(page(viewer, [])));
  assert.ok(!hasButton(page({ ...viewer, mayOperate: false }, [])));
  const underWay = page(viewer, null);
  assert.ok(!hasButton(underWay));
  assert.match(underWay, /has looked for 61 s/);
});

test('in short it says what there is, and how old it is', () => {
  assert.equal(inShort('shop', null, 0), null);
  const outcome = { kind: 'examined', ended: 60_000, found: [report('shop', 1)] } as const;
  assert.match(
    inShort('shop', { begun: 0, outcome }, 200_000)?.text ?? '',
    /The doctor: 1 error<\/a>, 2 minutes ago/,
  );
});
