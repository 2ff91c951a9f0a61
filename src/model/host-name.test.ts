import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { admitHostName } from './host-name.ts';

test('names are admitted in lower case and without a trailing dot', () => {
  assert.equal(admitHostName('Hello.Test.'), 'hello.test');
  assert.equal(admitHostName('my_site.example.org'), 'my_site.example.org');
  assert.equal(admitHostName('a-.b--c.test'), 'a-.b--c.test');
  assert.equal(admitHostName(`${'a'.repeat(63)}.test`), `${'a'.repeat(63)}.test`);
  const whole = [63, 63, 63, 61].map(length => 'a'.repeat(length)).join('.');
  assert.equal(admitHostName(whole), whole);
  assert.equal(admitHostName(`${whole}a`), null);
});

test('what could be anything but a name is not admitted', () => {
  const bad = ['', '.', '..', 'a..b', '.a', '-a.test', '--help', '/etc/passwd', '../a', 'a/b.test', 'a b'];
  const worse = ['a\nb.test', 'a\0b', 'a$b.test', 'a,DNS:b.test', '*.test', 'a.test:80', '[::1]', 'é.test'];
  for (const text of [...bad, ...worse, `${'a'.repeat(64)}.test`, 'ſ.test', '\u212a.test', 'a.test\n'])
    assert.equal(admitHostName(text), null, JSON.stringify(text));
});

test('an admitted name has no character that any language could take for more than a letter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => {
      const name = admitHostName(text);
      if (name === null) return;
      assert.match(name, /^[a-z0-9_][a-z0-9_.-]*$/);
      assert.ok(name.length <= 253 && !name.includes('..') && !name.endsWith('.'));
    }),
  );
});
