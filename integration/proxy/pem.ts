// Certificates that are made for one test, by openssl.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Pem } from '../../src/protocol/worker.ts';

/** A certificate that is its own authority, for these names (wildcards too). `directory` is the test's own. */
export function makePem(directory: string, ...names: readonly string[]): Pem {
  const files = { key: `${directory}/test.key`, certificate: `${directory}/test.pem` };
  const subject = [
    ['-subj', `/CN=${names[0]}`],
    ['-addext', `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`],
  ].flat();
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-days', '2', '-keyout', files.key, '-out', files.certificate];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'pipe' });
  return { key: readFileSync(files.key, 'utf8'), certificate: readFileSync(files.certificate, 'utf8') };
}
