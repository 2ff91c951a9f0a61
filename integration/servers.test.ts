// Other servers than gunicorn as an app's command, each as docs/servers.md has it: on the socket that hostd holds, reloaded under
// load without a lost request, restarted, stopped.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TomlTable } from '../scripts/toml-text.ts';
import { isTable } from '../src/config/toml/decoded.ts';
import { parseToml } from '../src/config/toml/toml.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { type TestApp, tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';

const bin = `${virtualenv('servers').root}/bin`;

const wsgi = `
import time

def application(environ, start_response):
    time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

const asgi = `
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
`;

/** What the page says to write, table by table, with the test's own programs in the place of /webapps/NAME/bin. */
async function appsOfPage(place: Place): Promise<readonly TestApp[]> {
  const account = isRoot ? (await testAccounts()).a : self();
  const page = readFileSync(new URL('../docs/servers.md', import.meta.url), 'utf8');
  const found = page.matchAll(/^## (\w+)\n[\s\S]*?^```toml\n([\s\S]*?)^```$/gm);
  const apps: TestApp[] = [];
  for (const [, server = '', text = ''] of found) {
    const table = parseToml(text, 'servers.md', [])?.tables['app'];
    assert.ok(isTable(table) && isTable(table['hello']), text);
    // Called as its server it would hide the server's own package.
    const name = `on_${server}`;
    const { root: _, ...keys } = JSON.parse(
      JSON.stringify(table['hello']).replaceAll('/webapps/hello/bin', bin).replaceAll('hello.', `${name}.`),
    ) as TomlTable;
    apps.push(await tinyApp(place, { name, account, source: wsgi, keys }));
    place.write(`webapps/${name}/${name}/${name}/asgi.py`, asgi);
  }
  return apps;
}

test('each serves on the held socket, and a reload loses no request', {
  skip: needsVirtualenv('servers'),
}, async t => {
  const place = makePlace(t);
  const apps = await appsOfPage(place);
  assert.equal(apps.length, 5);
  const hostd = await startHostd(place, { apps });
  const answers = (host: string) => async () => String((await hostd.get(host)).body) === 'hello';
  for (const { name, host } of apps)
    await until(`${name} to answer`, answers(host), { every: 100 }).catch(error => {
      throw new Error(
        `${error} ${readFileSync(`${place.dir}/webapps/${name}/logs/gunicorn_supervisor.log`, 'utf8').slice(-1500)}`,
      );
    });
  for (const { name, host } of apps) {
    const before = await hostd.state(name, 'RUNNING');
    const load = startLoad({ to: { port: hostd.port }, host, clients: 4 });
    const reloaded = await hostd.hostctl('reload', name);
    const report = await load.stop();
    assert.equal(reloaded.code, 0, `${name}: ${reloaded.stderr}${reloaded.stdout}`);
    // Daphne ends what is under way, and hypercorn what it has not begun on when it is told to end.
    const spoilt = ['on_daphne', 'on_hypercorn'].includes(name) ? (report.statuses[502] ?? 0) : 0;
    assert.ok(spoilt <= 8, `${name}: ${JSON.stringify(report)}`);
    assert.equal(report.ok + spoilt, report.requests, `${name}: ${JSON.stringify(report)}`);
    assert.notEqual((await hostd.state(name, 'RUNNING')).pid, before.pid, name);
    assert.equal((await hostd.hostctl('restart', name)).code, 0, name);
    await until(`${name} to answer again`, answers(host), { every: 100 });
  }
  const stopped = await hostd.hostctl('stop', 'all');
  assert.equal(stopped.code, 0, stopped.stderr);
});
