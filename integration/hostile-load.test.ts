// One app gives hostd as much to do as it can, with files, directories, processes and words of its own: hostd's main thread has time
// for everybody else, and what goes wrong is that app's alone.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { sizeOf, writerCommand, writerConfig } from './harness/log-lines.ts';
import { answersSoon, share } from './harness/main-thread.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { withoutCgroup2 } from './harness/without-cgroup2.ts';

const skip = needsRoot;

/** A DSA key of nonsense (RFC 5958): whoever reads it as OpenSSL does computes with its numbers for twenty seconds and more. */
function endlessKey(): string {
  const tlv = (tag: number, ...contents: readonly Buffer[]): Buffer => {
    const value = Buffer.concat(contents);
    const length = Buffer.from(value.length.toString(16).padStart(6, '0'), 'hex');
    return Buffer.concat([Buffer.from([tag, 0x83]), length, value]);
  };
  const long = () => tlv(2, Buffer.concat([Buffer.from([0, 0xc0]), randomBytes(2800), Buffer.from([1])]));
  const dsa = Buffer.from('06072a8648ce380401', 'hex');
  const key = tlv(
    0x30,
    tlv(2, Buffer.from([0])),
    tlv(0x30, dsa, tlv(0x30, long(), long(), long())),
    tlv(4, long()),
  );
  return `-----BEGIN PRIVATE KEY-----\n${key.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

test('ten thousand false backups are neither compressed nor looked through again and again', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const directory = place.directory('app/logs');
  chownSync(directory, a.uid, a.gid);
  const log = join(directory, 'writer.log');
  const command = writerCommand(place, { lines: 100_000, pause: 0.005 });
  const hostd = await startHostd(place, {
    config: writerConfig(log, command, { user: a.name, stdout_logfile_backups: 4 }),
  });
  await until('some lines', () => sizeOf(log) > 1000);
  const as = (script: string) =>
    void execFileSync('/usr/bin/python3', ['-c', script], { cwd: directory, uid: a.uid, gid: a.gid });
  // A large one keeps the compressor busy, while the others are made.
  as('open("writer.log.2", "w").truncate(2**28)');
  assert.equal((await hostd.hostctl('logs', '--rotate', 'writer')).code, 0);
  as('for n in range(3, 10000): open(f"writer.log.{n}", "w").write("x" * 100)');
  await until('the large one to be compressed', () => sizeOf(`${log}.2.gz`) > 0);
  const busy = await share(hostd, 2000);
  assert.ok(busy < 0.5, `the main thread is busy for ${busy} of the time`);
  await answersSoon(hostd);
  await until('those that are kept to be compressed', () => sizeOf(`${log}.3.gz`) > 0);
  const zipped = readdirSync(directory).filter(name => name.endsWith('.gz'));
  assert.deepEqual(zipped.sort(), ['writer.log.2.gz', 'writer.log.3.gz', 'writer.log.4.gz']);
});

test('a certificate directory that never rests, with a key that nobody can compute with, costs the other sites nothing', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const certs = place.directory('app/certs');
  for (const path of [place.directory('app'), certs]) chownSync(path, a.uid, a.gid);
  const files = { certificate: `${certs}/cert.pem`, certificate_key: `${certs}/key.pem` };
  const make = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=evil.test', '-days', '2'];
  execFileSync('openssl', [...make, '-out', files.certificate, '-keyout', files.certificate_key], {
    stdio: 'ignore',
  });
  place.write('app/certs/key.pem', endlessKey());
  for (const path of Object.values(files)) chownSync(path, a.uid, a.gid);
  const root = `${place.dir}/app`;
  const evil = {
    root,
    project: root,
    user: a.name,
    command: '/bin/sleep 100000',
    server_names: ['evil.test'],
  };
  const hostd = await startHostd(place, {
    config: {
      app: { evil: { ...evil, ...files } },
      proxy: { tls_listen: [`127.0.0.1:${await freePort()}`] },
    },
  });
  assert.match(
    hostd.output(),
    /its certificate_key is neither RSA of at most 4096 bits nor of an elliptic curve/,
  );
  const noise = 'import os\nn = 0\nwhile True:\n    open(f"{n % 7}", "w").close(); n += 1';
  const child = spawn('/usr/bin/python3', ['-c', noise], {
    cwd: certs,
    uid: a.uid,
    gid: a.gid,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const busy = await share(hostd, 4000);
  await answersSoon(hostd);
  child.kill('SIGKILL');
  await ended;
  assert.ok(busy < 0.4, `the main thread is busy for ${busy} of the time`);
});

test('a program of a thousand processes is stopped without cgroups, and hostd answers meanwhile', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const many = place.write(
    'many.sh',
    'for n in $(seq 1000); do sleep 100000 & done\necho made\nwait\n',
    0o755,
  );
  const hostd = await startHostd(place, {
    under: withoutCgroup2(),
    config: {
      program: {
        many: {
          command: `/bin/sh ${many}`,
          user: a.name,
          stdout_logfile: `${place.dir}/log/many.log`,
          stopwaitsecs: 5,
        },
      },
    },
  });
  await until('them to be there', () => sizeOf(`${place.dir}/log/many.log`) > 0);
  const stopped = hostd.hostctl('stop', 'many');
  await answersSoon(hostd, 10);
  assert.equal((await stopped).code, 0);
  await answersSoon(hostd);
});
