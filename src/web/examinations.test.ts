import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Examinations } from './examinations.ts';
import { RootError } from './root.ts';

const long = 60_000;

test('an app is examined once at a time, and what was said of it is kept', async () => {
  const asked: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  const examinations = new Examinations({
    ask: async (_path, body) => {
      asked.push(JSON.stringify(body));
      return await promise;
    },
  });
  await examinations.begin('hello', 'admin', 1);
  await examinations.begin('hello', 'other', long);
  assert.deepEqual(asked, ['{"name":"hello"}']);
  assert.equal(examinations.of('hello')?.outcome, null);
  resolve('[{"name":"hello","findings":[],"not_looked_at":[]}]');
  await examinations.begin('blog', 'admin', long);
  const outcome = examinations.of('hello')?.outcome;
  assert.equal(outcome?.kind === 'examined' ? outcome.found[0]?.name : outcome, 'hello');
  assert.equal(examinations.of('nobody'), null);
});

test('a refusal is kept with its remedy, nonsense is told, and the memory is bounded', async () => {
  const examinations = new Examinations({
    ask: async (_path, body) => {
      if ('name' in body && body.name === 'odd') return 'nonsense';
      throw new RootError(409, 'cannot look', 'later');
    },
  });
  await examinations.begin('odd', 'admin', long);
  const odd = examinations.of('odd')?.outcome;
  assert.match(odd?.kind === 'failed' ? odd.why : '', /nothing that can be read/);
  await examinations.begin('blog', 'admin', long);
  const blog = examinations.of('blog')?.outcome;
  assert.deepEqual(blog?.kind === 'failed' ? [blog.why, blog.hint] : blog, ['cannot look', 'later']);
  for (let i = 0; i < 200; i++) await examinations.begin(`app${i}`, 'admin', long);
  assert.equal(examinations.of('odd'), null);
  assert.notEqual(examinations.of('app199'), null);
});
