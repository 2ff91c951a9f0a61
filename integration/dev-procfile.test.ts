// hostd dev with a Procfile and a .env: each line has a port of its own, and the variables that python-dotenv would give it.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's, not JavaScript's
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDev } from './dev/dev.ts';
import { makePlace } from './harness/place.ts';

test('each line has a port of its own, and what .env says', async t => {
  const place = makePlace(t);
  place.write(
    'shop/.env',
    'SECRET_KEY=dj#n4o-$k(x)\nexport NAME="a\\"b"\nBOTH=${NAME}-${HOME}\nHOME=/file\nbad"\n',
  );
  const line = (name: string) => `${name}: echo "$PORT $SECRET_KEY $BOTH"; exec sleep 60`;
  place.write('shop/Procfile', `${line('one')}\n${line('two')}\n`);
  const dev = await startDev(place, { args: ['shop', '--proxy', 'x=1'] });
  const port = async (name: string) => {
    await dev.says(new RegExp(`shop:${name} *\\| (\\d+) dj#n4o-\\$k\\(x\\) a"b-${place.dir}/home`));
    return dev.says(new RegExp(`shop:${name} *\\| (\\d+) `));
  };
  const [one, two] = [await port('one'), await port('two')];
  assert.notEqual(one, two);
  for (const found of [one, two]) assert.ok(Number(found) > 1023);
});
