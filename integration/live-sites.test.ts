// What changes while sites are served: maintenance, renewed certificates, other sites. Whoever is connected stays so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { freePort } from '../scripts/free-port.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { look } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { makePemBetween } from './proxy/pem.ts';

async function oneApp(t: TestContext, options: Parameters<typeof tinyApp>[1] = {}) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  return { place, one: await tinyApp(place, { name: 'one', account, ...options }) };
}

test('maintenance answers for the app, over the death of hostd, while files and neighbours are served', async t => {
  const { place, one } = await oneApp(t);
  const two = await tinyApp(place, { name: 'two', account: one.account });
  place.write('pages/maintenance.html', '<p>back soon</p>');
  place.write('webapps/one/static/a.txt', 'a file');
  const hostd = await startHostd(place, {
    apps: [one, two],
    config: { proxy: { error_pages: `${place.dir}/pages` } },
  });
  const on = await hostd.hostctl('maintenance', 'one', 'on', '--retry-after', '7');
  assert.deepEqual([on.code, on.stdout, on.stderr], [0, 'one: maintenance on\n', '']);
  const isInMaintenance = async (now: Hostd) => {
    const { status, headers, body } = await now.get(one.host);
    assert.deepEqual(
      [status, headers['retry-after'], body.toString()],
      [503, '7', '<p>back soon</p>'],
      JSON.stringify(headers),
    );
  };
  await isInMaintenance(hostd);
  assert.equal((await hostd.get(one.host, '/static/a.txt')).body.toString(), 'a file');
  assert.equal((await hostd.get(two.host)).status, 200);
  assert.equal((await hostd.hostctl('maintenance')).stdout, 'one: maintenance on\ntwo: maintenance off\n');
  const shown = await hostd.hostctl('status');
  assert.match(shown.stdout, /^one +RUNNING +pid \d+, uptime [\d:]+; in maintenance$/m);
  assert.match(shown.stdout, /^two +RUNNING +pid \d+, uptime [\d:]+$/m);
  await hostd.kill9();
  const next = await hostd.again();
  await isInMaintenance(next);
  const { pid } = await next.state('hostd-proxy', 'RUNNING');
  assert.equal((await next.hostctl('maintenance', 'one', 'on', '--retry-after', '7')).code, 0);
  assert.equal((await next.state('hostd-proxy', 'RUNNING')).pid, pid, 'nothing to do: no new worker');
  const off = await next.hostctl('maintenance', 'all', 'off');
  assert.equal(off.stdout, 'one: maintenance off\ntwo: maintenance off\n');
  assert.equal((await next.get(one.host)).status, 200);
});

test('hostctl maintenance says what is wrong with what it was told', async t => {
  const { place, one } = await oneApp(t);
  const hostd = await startHostd(place, { apps: [one] });
  const unknown = await hostd.hostctl('maintenance', 'nosuch', 'on');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /nosuch: no such app/);
  const vague = await hostd.hostctl('maintenance', 'one');
  assert.equal(vague.code, 2);
  assert.match(vague.stderr, /"one" is not on or off\n {2}try: hostctl maintenance/);
  assert.equal((await hostd.hostctl('maintenance', 'one', 'on', '--retry-after', 'soon')).code, 2);
});

const subject = (name: string, directory: string): void => {
  mkdirSync(directory, { recursive: true });
  const out = ['-keyout', `${directory}/key.pem`, '-out', `${directory}/cert.pem`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:one.test'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, ...out], { stdio: 'ignore' });
};

/** The common name of the certificate that a client is shown. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'one.test', rejectUnauthorized: false });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
}

test('a renewed certificate is served without a command, a broken one is not, and no request is lost', async t => {
  const { place, one } = await oneApp(t);
  const live = `${place.dir}/live`;
  subject('first', live);
  const port = await freePort();
  const keys = { certificate: `${live}/cert.pem`, certificate_key: `${live}/key.pem` };
  const hostd = await startHostd(place, {
    apps: [{ ...one, table: { ...one.table, ...keys } }],
    config: { proxy: { tls_listen: [`127.0.0.1:${port}`] } },
  });
  assert.equal(await shown(port), 'first');
  const load = startLoad({ to: { port: hostd.port }, host: one.host, clients: 2 });
  subject('second', `${place.dir}/renewal`);
  renameSync(`${place.dir}/renewal/key.pem`, `${live}/key.pem`);
  renameSync(`${place.dir}/renewal/cert.pem`, `${live}/cert.pem`);
  await until('the new certificate', async () => (await shown(port)) === 'second');
  const site = async () => (await hostd.status()).find(({ name }) => name === 'one')?.site;
  const ends = (await site())?.certificate_ends ?? 0;
  assert.ok(Math.abs(ends - Date.now() / 1000 - 90 * 86_400) < 3600, `${ends}`);
  const past = [Date.now() - 9 * 86_400_000, Date.now() - 86_400_000] as const;
  const expired = makePemBetween(`${place.dir}/renewal`, 'expired', past, 'one.test');
  renameSync(expired.key, `${live}/key.pem`);
  renameSync(expired.certificate, `${live}/cert.pem`);
  await until('hostd to notice', () => /valid no more since.*the one before serves on/.test(hostd.output()));
  assert.equal(await shown(port), 'second', 'an expired one never takes the place of a good one');
  assert.match(
    (await hostd.hostctl('status', 'one')).stdout,
    /; its certificate is valid no more since .*; the one before serves on$/m,
  );
  assert.equal((await site())?.certificate_ends, ends);
  writeFileSync(`${live}/cert.pem`, 'half a certifi');
  await until('hostd to notice', () => /no PEM certificate.*the one before serves on/.test(hostd.output()));
  const { code, stderr } = await hostd.hostctl('update');
  assert.equal(code, 0, stderr);
  assert.equal(await shown(port), 'second');
  const file = `${place.dir}/etc/apps.d/one.toml`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^certificate.*\n/gm, ''));
  const { stdout } = await hostd.hostctl('update', '--dry-run');
  assert.match(stdout, /hostd-proxy: changed/);
  assert.equal(existsSync(`${place.dir}/lib/certificates/one`), true, 'a look changes nothing');
  writeFileSync(file, text);
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
  await hostd.stop();
  const next = await hostd.again();
  assert.equal(await shown(port), 'second', 'the last good one outlasts hostd');
  assert.match(next.output(), /no PEM certificate.*the one before serves on/);
});

/** A stream of events without an end. */
const events = `
import time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    def stream():
        n = 0
        while True:
            n += 1
            yield b"data: %d\\n\\n" % n
            time.sleep(0.05)
    return stream()
`;

test('a stream goes on while other sites come and go, and its old worker ends with it', async t => {
  const { place, one } = await oneApp(t, {
    source: events,
    keys: { worker_class: 'gthread', threads: 4, graceful_timeout: 1 },
  });
  const hostd = await startHostd(place, { apps: [one] });
  const { pid: old } = await hostd.state('hostd-proxy', 'RUNNING');
  let seen = '';
  const stream = request({ port: hostd.port, host: '127.0.0.1', headers: { host: one.host } }, answer => {
    answer.on('data', (text: Buffer) => {
      seen += text.toString();
    });
    answer.on('error', () => {});
  });
  stream.on('error', () => {});
  stream.end();
  await until('the stream', () => seen.includes('data: 3\n'));
  const two = await tinyApp(place, { name: 'two', account: one.account });
  place.write('etc/apps.d/two.toml', `[app.two]\n${tableText(two.table)}`);
  const { code, stderr } = await hostd.hostctl('update');
  assert.equal(code, 0, stderr);
  assert.equal((await hostd.get(two.host)).status, 200);
  assert.notEqual((await hostd.state('hostd-proxy', 'RUNNING')).pid, old);
  const before = seen.length;
  await until('the stream to go on', () => seen.length > before + 200);
  assert.notEqual(look(old ?? 0), null);
  stream.destroy();
  await until('the old worker to end', () => look(old ?? 0) === null);
});

function tableText(table: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(table).filter(
    ([, value]) => typeof value !== 'object' || Array.isArray(value),
  );
  return lines.map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('');
}
