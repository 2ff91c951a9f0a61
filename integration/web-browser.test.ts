// The page in a real browser: that everybody can read and use it, that it keeps current, and what another site's page in the same browser
// cannot do. With HOSTD_SCREENSHOTS=DIR the pictures of docs/ are made there.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { needsChromium, startBrowser } from './harness/browser.ts';
import { startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { faint, unclear } from './harness/looks.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { digest, password, user } from './web/visitor.ts';

const skip = needsChromium || needsVirtualenv('recent');
const pictures = process.env['HOSTD_SCREENSHOTS'];
const evil = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`;

test('everybody can read and use it, in light and dark, on a telephone and by keyboard, and it keeps current', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const port = await freePort();
  const app = await tinyApp(place, {
    name: 'hello',
    account: a,
    keys: { program: { celery: { command: '/bin/cat' } } },
  });
  const lines = place.write('lines', `${evil}\n`);
  const hostd = await startHostd(place, {
    apps: [app],
    files: { 'away.toml': '[app.away]\nserver_names = ["away.test"]\nupstreams = ["127.0.0.1:1"]\n' },
    config: {
      web: { listen: `127.0.0.1:${port}`, user, password: digest },
      program: {
        talk: { command: ['/usr/bin/tail', '-n', '+1', '-f', lines], user: a.name, startsecs: 0 },
        down: { command: '/bin/false', user: a.name, startretries: 0 },
      },
    },
  });
  for (const name of ['hello', 'talk']) await hostd.state(name, 'RUNNING');
  const load =
    pictures === undefined
      ? null
      : startLoad({ to: { port: hostd.port }, host: app.host, clients: 1, pause: 40, atMost: 60_000 });
  const browser = await startBrowser(place);
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  // Between two pages there is nothing to look at.
  const text = () => browser.evaluate<string>('document.body?.innerText ?? ""').catch(() => '');
  const where = () => browser.evaluate<string>('location.pathname').catch(() => '');

  await browser.open(at('/programs/hello'));
  assert.equal(await where(), '/login');
  assert.deepEqual(await browser.evaluate(unclear), []);
  await browser.evaluate('document.getElementById("user").focus()');
  await browser.type(user);
  await browser.press('Tab');
  await browser.type(password);
  await browser.press('Enter');
  await until('the page that was asked for', async () => (await where()) === '/programs/hello');

  if (pictures !== undefined)
    await until(
      'a few samples',
      () =>
        browser.evaluate<boolean>(
          `document.querySelector('.spark path')?.getAttribute('d').split('L').length > 4`,
        ),
      { timeout: 120_000 },
    );
  const picture = async (file: string) => {
    await browser.size(960, 640);
    await browser.evaluate('scrollTo(0, 0)');
    await browser.screenshot(file);
    await browser.size(1100, 900);
  };
  const pages = {
    apps: '/',
    app: '/programs/hello',
    events: '/events',
    log: '/programs/talk/log',
    away: '/programs/away',
    doctor: '/programs/hello/doctor',
    stop: '/programs/hello/stop',
    scale: '/programs/hello/scale',
    maintenance: '/programs/hello/maintenance',
    unknown: '/programs/nobody',
  };
  for (const [name, path] of Object.entries(pages)) {
    await browser.open(at(path));
    assert.deepEqual(await browser.evaluate(unclear), [], name);
    for (const scheme of ['light', 'dark'] as const) {
      await browser.scheme(scheme);
      assert.deepEqual(await browser.evaluate(faint), [], `${name}, ${scheme}`);
      if (pictures !== undefined && ['apps-light', 'app-dark'].includes(`${name}-${scheme}`))
        await picture(`${pictures}/web-${name}-${scheme}.png`);
    }
    await browser.size(320, 640);
    assert.equal(
      await browser.evaluate('document.documentElement.scrollWidth'),
      320,
      `${name} on a telephone`,
    );
    await browser.size(1100, 900);
  }
  await browser.scheme('light');
  const weight = await browser.evaluate<number>(
    `Promise.all(['/', ...[...document.querySelectorAll('link[href], script[src]')].map(one => one.href || one.src)]
      .map(url => fetch(url).then(answer => answer.arrayBuffer()).then(body => body.byteLength))).then(all => all.reduce((a, b) => a + b))`,
  );
  assert.ok(weight < 100_000, `${weight} bytes`);
  assert.deepEqual(
    browser.asked.filter(url => new URL(url).host !== `127.0.0.1:${port}` && url !== 'about:blank'),
    [],
  );

  await t.test('what an app writes is text, and what it adds to its log comes by itself', async () => {
    await browser.open(at('/programs/talk/log'));
    assert.match(await text(), /<img src=x onerror/);
    await until('the page to follow', async () => (await text()).includes('Stop following'));
    appendFileSync(lines, 'something new\n');
    await until('the new line', async () => (await text()).includes('something new'));
    assert.equal(await browser.evaluate('window.broken'), undefined);
  });

  await t.test('a change is shown without loading the page again, and the focus stays', async () => {
    await browser.open(at('/'));
    await browser.evaluate(
      'window.same = true, document.querySelector(\'a[href="/programs/hello"]\').focus()',
    );
    await hostd.hostctl('stop', 'hello');
    await until('the new state', async () => /hello\s+STOPPED/.test(await text()));
    assert.equal(await browser.evaluate('window.same'), true);
    assert.equal(await browser.evaluate('document.activeElement.getAttribute("href")'), '/programs/hello');
    assert.match(await text(), /down FATAL|down\s+FATAL/);
    await hostd.hostctl('start', 'hello');
  });

  await t.test(
    'the doctor is asked by keyboard, and its answer is as readable as the other pages',
    async () => {
      await browser.open(at('/programs/down'));
      await browser.evaluate('document.querySelector(\'form[action$="/doctor"] button\').focus()');
      await browser.press('Enter');
      await until('what the doctor says', async () => /error\s+program: /.test(await text()));
      assert.equal(await where(), '/programs/down/doctor');
      assert.deepEqual(await browser.evaluate(unclear), []);
      for (const scheme of ['dark', 'light'] as const) {
        await browser.scheme(scheme);
        assert.deepEqual(await browser.evaluate(faint), [], scheme);
      }
    },
  );

  await t.test('a switch is pressed by keyboard', async () => {
    await browser.open(at('/programs/talk/restart'));
    await browser.evaluate('document.querySelector("button.do").focus()');
    await browser.press('Enter');
    await until('what was done', async () => (await text()).includes('talk: restarted'));
    assert.equal(await where(), '/programs/talk');
  });

  await t.test('the page broke nothing, and its policy forbade it nothing', () => {
    const own = browser.complaints.filter(line => !line.includes('/programs/nobody'));
    assert.deepEqual(own, []);
  });

  await t.test("another site's page, also one of this machine, can do nothing with the session", async t => {
    const other = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!DOCTYPE html><title>x</title><iframe id="f" src="${at('/')}"></iframe><iframe name="t"></iframe>
<form method="post" action="${at('/programs/talk/stop')}" target="t"><input name="form" value="x"></form>
<script>document.forms[0].submit();
window.tries = Promise.all([
  fetch('${at('/')}', { credentials: 'include' }).then(() => 'read', () => 'refused'),
  fetch('${at('/')}', { credentials: 'include', mode: 'no-cors' }).then(() => 'read', () => 'refused'),
  fetch('${at('/programs/talk/stop')}', { method: 'POST', credentials: 'include', mode: 'no-cors' }).then(() => 'read', () => 'refused'),
  new Promise(done => { const script = document.createElement('script'); script.src = '${at('/programs/talk')}'; script.onload = () => done('read'); script.onerror = () => done('refused'); document.head.append(script); }),
]);</script>`);
    });
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const { port: its } = other.address() as { port: number };
    for (const host of ['127.0.0.1', 'localhost', 'evil.localhost']) {
      await browser.open(`http://${host}:${its}/`);
      assert.deepEqual(
        await browser.evaluate('window.tries'),
        ['refused', 'refused', 'refused', 'refused'],
        host,
      );
    }
    assert.equal((await hostd.status()).find(({ name }) => name === 'talk')?.state, 'RUNNING');
    // A link there shows the login, or the page: it changes nothing.
    await browser.evaluate(`location.href = '${at('/programs/talk/stop')}'`);
    await until('the page', async () => ['/login', '/programs/talk/stop'].includes(await where()));
    assert.equal((await hostd.status()).find(({ name }) => name === 'talk')?.state, 'RUNNING');
  });
  await load?.stop();
});
