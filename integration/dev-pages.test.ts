// The pages of hostd dev in a real browser: what they show, that they load again by themselves, that everybody can read them.
// With HOSTD_SCREENSHOTS=DIR the pictures of docs/ are made there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDev } from './dev/dev.ts';
import { writeProject } from './dev/project.ts';
import { needsChromium, startBrowser } from './harness/browser.ts';
import { faint } from './harness/looks.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const skip = needsChromium || needsVirtualenv('recent');
const pictures = process.env['HOSTD_SCREENSHOTS'];
const documented = new Set(['apps-light', 'traceback-dark']);

test('every page can be read in light and in dark, loads nothing from elsewhere, and loads again by itself', {
  skip,
}, async t => {
  const place = makePlace(t);
  writeProject(place, 'work/hello', 'hello');
  writeProject(place, 'work/goodbye', 'goodbye');
  place.write('work/goodbye/goodbye/settings.py', 'import nothing_like_it\n');
  const dev = await startDev(place, {
    args: ['hello=work/hello', 'goodbye=work/goodbye', '--proxy', 'front=1', '--server', 'gunicorn'],
  });
  await dev.says(/goodbye has ended/);
  await until('hello', async () => (await dev.get('hello.localhost')).status === 200);
  const browser = await startBrowser(place);
  const at = (name: string) => `http://${name}:${dev.port}/`;
  const pages = {
    apps: 'localhost',
    traceback: 'goodbye.localhost',
    unknown: 'helo.localhost',
    waiting: 'front.localhost',
  };
  for (const [name, host] of Object.entries(pages)) {
    for (const scheme of ['light', 'dark'] as const) {
      await browser.scheme(scheme);
      await browser.open(at(host));
      assert.deepEqual(await browser.evaluate(faint), [], `${name}, ${scheme}`);
      assert.equal(await browser.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
      assert.equal(await browser.evaluate('document.querySelectorAll("h1").length'), 1);
      if (pictures !== undefined && documented.has(`${name}-${scheme}`))
        await browser.screenshot(`${pictures}/dev-${name}-${scheme}.png`);
    }
  }
  assert.deepEqual(
    browser.asked.filter(url => !new URL(url).hostname.endsWith('localhost') && !url.startsWith('data:')),
    [],
  );

  await browser.open(at('localhost'));
  const text = () => browser.evaluate<string>('document.querySelector("main").innerText');
  assert.match(await text(), /1 of 3 apps are running/);
  assert.match(await text(), /No module named 'nothing_like_it'/);
  await browser.open(at('helo.localhost'));
  assert.equal(await browser.evaluate('document.querySelector("main a").href'), at('hello.localhost'));

  await browser.open(at('goodbye.localhost'));
  assert.match(await text(), /ModuleNotFoundError: No module named 'nothing_like_it'/);
  writeProject(place, 'work/goodbye', 'goodbye');
  // Somebody else's page load starts it again; this page notices.
  await dev.get('goodbye.localhost', '/', { headers: { accept: 'text/html' } });
  await until('the page to load again', async () =>
    (await browser.evaluate<string>('document.body?.innerText ?? ""')).includes('goodbye.urls'),
  );
});
