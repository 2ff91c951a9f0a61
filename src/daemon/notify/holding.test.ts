import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type EventKind, type Happening, toldKinds } from '../../model/happenings.ts';
import { Holding, type Telling } from './holding.ts';

const minute = 60_000;

function happening(kind: EventKind, name = 'a'): Happening {
  return { kind, name, cause: '' } as Happening;
}

/** Plays [at, kind, name] and takes what is due as soon as it is, until `end`. */
function play(
  list: readonly (readonly [number, EventKind, string?])[],
  end: number,
  holding = new Holding(toldKinds),
) {
  const told: [number, string][] = [];
  const takeUntil = (at: number) => {
    for (let next = holding.next(); next !== null && next <= at; next = holding.next()) {
      const telling = holding.take(next);
      if (telling !== null) told.push([next, words(telling)]);
    }
  };
  for (const [at, kind, name] of list) {
    takeUntil(at - 1);
    holding.hear(happening(kind, name), at);
  }
  takeUntil(end);
  return { told, holding };
}

function words({ events, more }: Telling): string {
  const list = events.map(({ happening: { kind, name }, repeated, over }) =>
    [`${name} ${kind}`, repeated > 0 ? ` +${repeated}` : '', over === null ? '' : ` after ${over.kind}`].join(
      '',
    ),
  );
  return [...list, ...(more > 0 ? [`and ${more}`] : [])].join(', ');
}

test('trouble is told at once, its end when it lasts', () => {
  const { told } = play(
    [
      [0, 'fatal'],
      [10 * minute, 'starting'],
      [10 * minute + 1000, 'running'],
    ],
    60 * minute,
  );
  assert.deepEqual(told, [
    [1000, 'a fatal'],
    [10 * minute + 31_000, 'a running after fatal'],
  ]);
});

test('a crash loop is told after 1, 2, 4 ... minutes, with what was held back; its RUNNING is no recovery', () => {
  const loop = Array.from({ length: 240 }, (_, n): [number, EventKind][] => [
    [n * 30_000, 'backoff'],
    [n * 30_000 + 10_000, 'starting'],
    [n * 30_000 + 12_000, 'running'],
    [n * 30_000 + 20_000, 'exited'],
  ]).flat();
  const { told } = play(loop, 120 * minute);
  assert.deepEqual(
    told.map(([at, what]) => [Math.round(at / minute), what]),
    [
      [0, 'a backoff'],
      [1, 'a backoff +1'],
      [3, 'a backoff +3'],
      [7, 'a backoff +7'],
      [15, 'a backoff +15'],
      [31, 'a backoff +31'],
      [63, 'a backoff +63'],
    ],
  );
});

test('what comes together is told together, what is too much is counted', () => {
  const many = Array.from({ length: 80 }, (_, n): [number, EventKind, string] => [n, 'fatal', `p${n}`]);
  const { told } = play(many, 5 * minute);
  const all = told.map(([, what]) => what).join(', ');
  assert.ok(told.length <= 3, all);
  assert.match(all, /p0 fatal/);
  const shown = all.match(/p\d+ fatal/g)?.length ?? 0;
  const counted = [...all.matchAll(/and (\d+)/g)].reduce((sum, [, more]) => sum + Number(more), 0);
  assert.equal(shown + counted, 80);
});

test('what is over before anybody could be told is not told', () => {
  const { told } = play(
    [
      [0, 'reload-refused'],
      [500, 'reloaded'],
    ],
    10 * minute,
  );
  assert.deepEqual(told, []);
});

test('an update without an error ends the problems of all names', () => {
  const list: [number, EventKind, string][] = [
    [0, 'config-problem', 'one'],
    [0, 'config-problem', 'two'],
    [5 * minute, 'updated', 'hostd'],
  ];
  assert.deepEqual(
    play(list, 10 * minute).told.map(([, what]) => what),
    [
      'one config-problem, two config-problem',
      'hostd updated after config-problem, hostd updated after config-problem',
    ],
  );
});

test('a next hostd goes on from where the last one stood: nothing twice, and the end is told', () => {
  const first = play([[0, 'fatal']], 5000).holding;
  const second = new Holding(toldKinds, JSON.parse(JSON.stringify(first.troubles())));
  const { told } = play(
    [
      [20_000, 'fatal'],
      [50_000, 'running'],
    ],
    10 * minute,
    second,
  );
  assert.deepEqual(
    told.map(([, what]) => what),
    ['a fatal', 'a running after fatal'],
  );
  // Said again once a minute has gone, and not before.
  assert.ok((told[0]?.[0] ?? 0) >= minute);
});

test('whatever happens: no cause within a minute of itself, no two tellings within ten seconds, memory bounded', () => {
  const kinds = [
    'fatal',
    'backoff',
    'running',
    'exited',
    'starting',
    'disk-full',
    'disk-free',
    'updated',
    'oom',
  ] as const;
  const history = fc.array(
    fc.record({
      wait: fc.oneof(fc.nat(5000), fc.nat(5 * minute)),
      kind: fc.constantFrom(...kinds),
      name: fc.constantFrom('a', 'b', 'hostd'),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(history, list => {
      let at = 0;
      const holding = new Holding(toldKinds);
      const last = new Map<string, number>();
      let lastTelling = Number.NEGATIVE_INFINITY;
      const take = (until: number) => {
        for (let next = holding.next(); next !== null && next <= until; next = holding.next()) {
          const telling = holding.take(next);
          if (telling === null) continue;
          assert.ok(next - lastTelling >= 10_000);
          lastTelling = next;
          for (const { happening, over } of telling.events) {
            if (over !== null) continue;
            const key = `${happening.kind} ${happening.name}`;
            assert.ok(next - (last.get(key) ?? Number.NEGATIVE_INFINITY) >= minute, key);
            last.set(key, next);
          }
        }
      };
      for (const { wait, kind, name } of list) {
        at += wait;
        take(at - 1);
        holding.hear(happening(kind, name), at);
      }
      take(at + 3 * 60 * minute);
      assert.equal(holding.next(), null);
      assert.ok(holding.troubles().length <= 1000);
    }),
  );
});

test('more causes than are remembered are counted', () => {
  const holding = new Holding(toldKinds);
  for (let n = 0; n < 3000; n++) holding.hear(happening('fatal', `p${n}`), n);
  assert.equal(holding.troubles().length, 1000);
  assert.equal(holding.take(10_000)?.more, 2000 + 950);
});
