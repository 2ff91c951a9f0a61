// hostd dev among other users of the machine: each of them may connect to its ports. They get no right and no word of its user's.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { must, run } from '../scripts/run.ts';
import { startDev } from './dev/dev.ts';
import { type Account, needsRoot, testAccounts } from './harness/accounts.ts';
import { makePlace, type Place } from './harness/place.ts';

function ownHome(place: Place, { uid, gid }: Account): void {
  for (const path of ['home', 'tmp']) chownSync(place.directory(path), uid, gid);
}

const evil = `#include <unistd.h>
#include <fcntl.h>
__attribute__((constructor)) static void run(void) { close(open("PLACE/ran", O_CREAT | O_WRONLY, 0666)); }
int OSSL_provider_init(void) { return 0; }
`;

/** A TLS handshake with a name of bytes as they are; nothing comes of it. */
const handshake = `
const [port, name] = process.argv.slice(1);
const socket = require('node:tls').connect({ host: '127.0.0.1', port, servername: JSON.parse(name), rejectUnauthorized: false });
socket.on('secureConnect', () => { console.log(socket.getPeerCertificate().subjectaltname); socket.destroy(); });
socket.on('error', error => { console.log(error.code); });
`;

test('a name that another user asks for by TLS becomes neither configuration of openssl nor a path', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  ownHome(place, a);
  const open = place.directory('o', 0o777);
  await must('open a directory to all', ['chmod', '1777', open]);
  const source = place.write('e.c', evil.replace('PLACE', open));
  await must('compile the provider', ['cc', '-shared', '-fPIC', '-o', `${open}/e.so`, source]);
  const dev = await startDev(place, { args: ['--https', '--proxy', 'hello=1'], as: a });
  const folder = `${place.dir}/home/.config/hostd/authority`;
  const ask = (name: string) =>
    run([process.execPath, '-e', handshake, String(dev.port + 443), JSON.stringify(name)], {
      as: b,
      env: place.env,
    });
  const configuration =
    '\n[default]\nopenssl_conf=x\n[x]\nproviders=p\n[p]\nq=q\n[q]\nactivate=1\nmodule=/../../../../../../../..';
  const attack = `${'a'.repeat(64)}${configuration}${open}/e.so\n#.test`;
  assert.ok(Buffer.byteLength(attack) <= 255, 'the attack fits into a ClientHello');
  for (const name of [attack, '../../../../out.test', `a,DNS:b.test`, `${'a'.repeat(64)}.test`, '-subj.test'])
    assert.equal((await ask(name)).stdout.trim(), 'DNS:localhost', name);
  assert.equal((await ask('shop.test')).stdout.trim(), 'DNS:shop.test');
  assert.equal(existsSync(`${open}/ran`), false);
  assert.deepEqual(readdirSync(open), ['e.so']);
  for (const file of readdirSync(folder)) assert.match(file, /^(authority|[0-9a-f]{32})\.(key|crt)$/);
});

test('what an app wrote is shown to its own user and to root, and to nobody else', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  ownHome(place, a);
  place.write('work/shop/Procfile', 'web: echo my-password; exit 1\n');
  const dev = await startDev(place, { args: ['work/shop'], as: a });
  await dev.says(/shop has ended/);
  const page = async (host: string, as: Account | undefined) => {
    const url = `http://127.0.0.1:${dev.port}/`;
    const curl = ['curl', '-s', '-H', `Host: ${host}`, '-H', 'Accept: text/html', url] as const;
    return (await run([...curl], as === undefined ? { env: place.env } : { as, env: place.env })).stdout;
  };
  for (const host of ['localhost', 'shop.localhost'])
    for (const who of [a, undefined]) assert.match(await page(host, who), /my-password/, host);
  for (const host of ['localhost', 'shop.localhost']) {
    const shown = await page(host, b);
    assert.match(
      shown,
      /shop[\s\S]*failed[\s\S]*Its log is shown to the user who runs hostd dev alone/,
      host,
    );
    assert.doesNotMatch(shown, /my-password|work\/shop/, host);
  }
});

test('a virtualenv that another user has put above the project is not run, and no name moves the cursor', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  ownHome(place, a);
  const open = place.directory('o', 0o777);
  await must('open a directory to all', ['chmod', '1777', open]);
  place.write('o/.venv/pyvenv.cfg', '');
  place.write('o/.venv/bin/python', `#!/bin/sh\ntouch ${open}/ran\nexec python3 "$@"\n`, 0o755);
  await must('give it to another', ['chown', '-R', `${b.uid}`, `${open}/.venv`]);
  place.write(
    'o/shop/manage.py',
    'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
  );
  place.write('o/shop/\x1b[31mred/package.json', '{ "scripts": { "dev": "tailwindcss --watch" } }');
  place.write('o/shop/\x1b[32mgreen/package.json', 'no JSON');
  place.write('o/shop/$(touch x); y/package.json', 'no JSON');
  await must('give the project to its user', ['chown', '-R', `${a.uid}`, `${open}/shop`]);
  const dev = await startDev(place, { args: [`${open}/shop`, '--proxy', 'x=1'], as: a });
  await dev.stop();
  assert.equal(existsSync(`${open}/ran`), false, dev.output());
  assert.match(dev.output(), /cannot read/);
  // What is there to be typed is one word to a shell.
  assert.match(dev.output(), /try: python3 -m json\.tool '[^']*\/\$\(touch x\); y\/package\.json'/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is the subject
  assert.doesNotMatch(dev.output(), /\x1b\[3[12]m/);
});

const thief = `
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"stolen")
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("listening", flush=True)
server.serve_forever()
`;

test('who takes the port of an app is sent nothing that is meant for the app', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  ownHome(place, a);
  place.write('work/shop/Procfile', 'web: echo port=$PORT; exec sleep 600\n');
  const dev = await startDev(place, { args: ['work/shop'], as: a });
  const port = await dev.says(/port=(\d+)/);
  const child = spawn('python3', ['-c', thief, port], {
    ...{ uid: b.uid, gid: b.gid, cwd: '/', env: { PATH: process.env['PATH'], ...place.env } },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  place.after(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await dev.says(/shop: another user \(uid \d+\) listens on its port/);
  for (const headers of [{}, { accept: 'text/html' }]) {
    const answer = await dev.get('shop.localhost', '/', { headers });
    assert.equal(answer.status, 502);
    assert.doesNotMatch(answer.text, /stolen/);
  }
});
