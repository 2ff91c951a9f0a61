import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches, Passwords } from './passwords.ts';

// Of Python's passlib: scrypt.using(rounds=10, salt=b'hostd-web-salt16').hash('geheim')
const text = '$scrypt$ln=10,r=8,p=1$aG9zdGQtd2ViLXNhbHQxNg$wUaIuepNQC14VnXK4mE/PDQc+LOq4N+UiVBa0NRG+a4';

test('a digest that another tool has made is understood', async () => {
  assert.equal(await matches('geheim', text), true);
  assert.equal(await matches('Geheim', text), false);
  assert.equal(await matches('geheim', 'geheim'), false);
});

test('user and password must both be right', async () => {
  const passwords = new Passwords({ user: 'admin', password: text });
  assert.equal(await passwords.judge('a', 'admin', 'geheim'), true);
  assert.equal(await passwords.judge('a', 'root', 'geheim'), false);
  assert.equal(await passwords.judge('a', 'admin', ''), false);
});

test('however many strangers try at once, who has been here before gets in', async () => {
  const passwords = new Passwords({ user: 'admin', password: text });
  assert.equal(await passwords.judge('owner', 'admin', 'geheim'), true);
  const flood = Array.from({ length: 200 }, (_, i) => passwords.judge(`10.0.0.${i}`, 'admin', 'x'));
  const twice = passwords.judge('10.0.0.5', 'admin', 'y');
  const order: string[] = [];
  void Promise.all(flood.map(one => one.then(judged => order.push(`${judged}`))));
  assert.equal(await passwords.judge('owner', 'admin', 'geheim'), true);
  // Those that were refused are, and no more than one stranger's turn came first.
  assert.ok(order.filter(judged => judged === 'false').length <= 2, order.join());
  assert.equal(await twice, null);
  const all = await Promise.all(flood);
  assert.equal(all.filter(judged => judged === null).length, 200 - 17);
});
