// hostd dev --https with a client that checks certificates, and the files that it leaves.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { test } from 'node:test';
import { startDev } from './dev/dev.ts';
import { makePlace } from './harness/place.ts';

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

const skip = hasOpenssl() ? false : 'needs openssl';

function getSecure(port: number, host: string, ca: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, servername: host, ca, headers: { host: `${host}:${port}` } },
      answer => {
        let text = '';
        answer.on('data', chunk => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    asked.on('error', reject).end();
  });
}

test('HTTPS has a certificate for each name from an authority of its own; HTTP is sent there', {
  skip,
}, async t => {
  const place = makePlace(t);
  const server = createServer((req, res) =>
    res.end(`${req.headers['x-forwarded-proto']} ${req.headers.host}`),
  ).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const args = ['--https', '--proxy', `hello=${port}`, '--proxy', `goodbye=${port}`];
  const dev = await startDev(place, { args });
  const secure = dev.port + 443;
  const folder = `${place.dir}/home/.config/hostd/authority`;
  assert.match(dev.output(), /update-ca-certificates[\s\S]*Firefox[\s\S]*SSL_CERT_FILE/);
  const ca = readFileSync(`${folder}/authority.crt`);
  for (const name of ['hello', 'goodbye'])
    assert.deepEqual(await getSecure(secure, `${name}.localhost`, ca), {
      status: 200,
      text: `https ${name}.localhost:${secure}`,
    });
  assert.match((await getSecure(secure, 'localhost', ca)).text, /https:\/\/hello\.localhost/);
  const { status, headers } = await dev.get(`hello.localhost:${dev.port}`, '/a?b=c');
  assert.equal(status, 301);
  assert.equal(headers['location'], `https://hello.localhost:${secure}/a?b=c`);

  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const keys = readdirSync(folder).filter(file => file.endsWith('.key'));
  assert.equal(keys.length, 4);
  for (const file of keys) assert.equal(statSync(`${folder}/${file}`).mode & 0o777, 0o600);
  const leafFile = `${folder}/${createHash('sha256').update('hello.localhost').digest('hex').slice(0, 32)}.crt`;
  const leaf = new X509Certificate(readFileSync(leafFile));
  assert.equal(leaf.subjectAltName, 'DNS:hello.localhost');
  assert.ok(leaf.checkIssued(new X509Certificate(ca)));
  await assert.rejects(getSecure(secure, 'hello.localhost', Buffer.alloc(0)), /self.signed|unable to/);
  await dev.stop();

  // The authority stays; a certificate that is broken, or ends soon, is made again.
  writeFileSync(leafFile, 'broken');
  const again = await startDev(place, { args });
  assert.doesNotMatch(again.output(), /update-ca-certificates/);
  assert.deepEqual(readFileSync(`${folder}/authority.crt`), ca);
  assert.equal((await getSecure(again.port + 443, 'hello.localhost', ca)).status, 200);
});

test('the authority can vouch for nobody else, even with its key', { skip }, async t => {
  const place = makePlace(t);
  const { openCertificates } = await import('../src/dev/sites/certificates.ts');
  const folder = `${place.dir}/authority`;
  await openCertificates(folder);
  const { makeCertificate } = await import('../src/dev/sites/openssl.ts');
  const authority = { key: `${folder}/authority.key`, certificate: `${folder}/authority.crt` };
  const verify = (file: string) =>
    execFileSync('openssl', ['verify', '-CAfile', authority.certificate, file], { stdio: 'pipe' });
  const files = (name: string) => ({ key: `${folder}/${name}.key`, certificate: `${folder}/${name}.crt` });
  await makeCertificate(files('good'), ['shop.localhost'], authority);
  verify(files('good').certificate);
  await makeCertificate(files('evil'), ['bank.example.com'], authority);
  assert.throws(() => verify(files('evil').certificate), /permitted subtree violation/);
});
