import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusPage, tailPage } from './html.ts';

const row = { group: 'a', name: 'a', statename: 'RUNNING', description: 'pid 1, uptime 0:00:01' };

test('each process has the links that its state allows, at the addresses of the genuine page', () => {
  const up = statusPage([row, { ...row, group: 'g', name: 'b c', statename: 'FATAL' }], null);
  for (const href of [
    'index.html?action=stopall',
    'index.html?processname=a&amp;action=restart',
    'index.html?processname=a&amp;action=stop',
    'index.html?processname=g%3Ab%20c&amp;action=start',
    'index.html?processname=a&amp;action=clearlog',
    'tail.html?processname=a',
    'logtail/g%3Ab%20c/stderr',
  ])
    assert.ok(up.includes(`href="${href}"`), href);
  assert.ok(!up.includes('processname=a&amp;action=start'));
  assert.match(statusPage([], null), /No programs to manage/);
});

test('nothing that others have chosen is markup', () => {
  const evil = `<script>alert("x")</script>'&`;
  for (const html of [
    statusPage([{ group: evil, name: evil, statename: 'RUNNING', description: evil }], evil),
    tailPage(evil, 1024, evil),
  ]) {
    assert.ok(!html.includes('<script'));
    assert.ok(!/="[^"]*'&"/.test(html));
  }
});
