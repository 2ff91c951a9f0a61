import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downPage, listPage, type Shown, unknownPage } from './pages.ts';

const hello: Shown = {
  name: 'hello',
  what: 'Django, runserver',
  directory: '/home/me/hello',
  url: 'http://hello.localhost:8000/',
  state: 'running',
  reason: '',
  lines: ['one', 'two'],
};

const text = (page: string) => Buffer.from(page, 'latin1').toString();

test('the list has each app with its address, its state in a word, and its last lines', () => {
  const page = text(
    listPage([hello, { ...hello, name: 'goodbye', state: 'failed', reason: 'it ended with exit code 1' }]),
  );
  assert.match(page, /<a id="app-hello" href="http:\/\/hello\.localhost:8000\/">hello<\/a>/);
  assert.match(page, /1 of 2 apps are running/);
  assert.match(page, /it ended with exit code 1/);
  assert.match(page, /one\ntwo/);
});

test('the page of an app that fell over ends with its last traceback', () => {
  const lines = [
    'GET /',
    'Traceback (most recent call last):',
    '  File "a.py"',
    'NameError: name "café" <b>',
    'later',
  ];
  const page = text(downPage({ ...hello, state: 'failed', lines }));
  assert.match(page, /Traceback[\s\S]*NameError: name &quot;café&quot; &lt;b&gt;<\/pre>/);
  assert.doesNotMatch(page, /GET \/<|later/);
});

test('an unknown host is told the nearest name', () => {
  assert.match(
    text(unknownPage('helo.localhost', [hello])),
    /Did you mean <a href="http:\/\/hello\.localhost:8000\/">hello/,
  );
  assert.doesNotMatch(text(unknownPage('zzzzzz.localhost', [hello])), /Did you mean/);
});

test('nothing that an app or a host name says becomes markup, and no page asks another machine', () => {
  const evil = {
    ...hello,
    what: '<script>1</script>',
    reason: '"><img src=x>',
    lines: ['<img src=//evil.test>'],
  };
  for (const page of [listPage([evil]), downPage(evil), unknownPage('<script>.localhost', [evil])]) {
    assert.doesNotMatch(page, /<img|<script>1|<script>\./);
    assert.doesNotMatch(page, /<[^>]*(src|href)="?(https?:)?\/\/(?![a-z-]+\.localhost)/);
  }
});
