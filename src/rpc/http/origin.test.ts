import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crackHead } from './head.ts';
import { isForeign } from './origin.ts';

const foreign = (...lines: readonly string[]) =>
  isForeign(crackHead(Buffer.from(['GET / HTTP/1.1', ...lines].join('\r\n'))) ?? assert.fail());
const browser = 'User-Agent: Mozilla/5.0 (X11)';
const host = 'Host: a.test:9001';

test("the page's own links and scripts act, other pages do not", () => {
  assert.equal(foreign(host), false);
  assert.equal(foreign(host, 'User-Agent: curl/8'), false);
  assert.equal(foreign(host, browser, 'Referer: http://a.test:9001/?message=x'), false);
  assert.equal(foreign(host, browser, 'Origin: http://A.test:9001'), false);
  assert.equal(foreign(host, browser, 'Referer: http://a.test:8000/'), true);
  assert.equal(foreign(host, browser, 'Referer: http://evil.test/a.test:9001'), true);
  assert.equal(foreign(host, browser, 'Origin: null', 'Referer: http://a.test:9001/'), true);
  assert.equal(foreign(host, browser), true, 'one that does not say where it is');
});

test('what a browser itself says of it counts first', () => {
  assert.equal(foreign(host, browser, 'Sec-Fetch-Site: none'), false);
  assert.equal(foreign(host, browser, 'Sec-Fetch-Site: same-origin', 'Referer: https://public.test/'), false);
  for (const site of ['cross-site', 'same-site'])
    assert.equal(foreign(host, browser, `Sec-Fetch-Site: ${site}`, 'Referer: http://a.test:9001/'), true);
});

test('behind a proxy the host that the client asked is the one', () => {
  const proxied = ['Host: 127.0.0.1:9001', 'X-Forwarded-Host: public.test', browser];
  assert.equal(foreign(...proxied, 'Referer: http://public.test/'), false);
  assert.equal(foreign(...proxied, 'Referer: http://evil.test/'), true);
  assert.equal(foreign('X: y', browser, 'Referer: nonsense'), true);
});
