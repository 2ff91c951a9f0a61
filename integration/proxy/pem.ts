// Certificates that are made for one test, by openssl.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Pem } from '../../src/protocol/worker.ts';

/** A certificate that is its own authority, for these names (wildcards too). `directory` is the test's own. */
export function makePem(directory: string, ...names: readonly string[]): Pem {
  const files = { key: `${directory}/test.key`, certificate: `${directory}/test.pem` };
  const subject = [
    ['-subj', `/CN=${names[0]}`],
    ['-addext', `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`],
  ].flat();
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-days', '90', '-keyout', files.key, '-out', files.certificate];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'pipe' });
  return { key: readFileSync(files.key, 'utf8'), certificate: readFileSync(files.certificate, 'utf8') };
}

/** Such a certificate for the time between two dates, in milliseconds, in files NAME.pem and NAME.key below `directory`. */
export function makePemBetween(
  directory: string,
  name: string,
  [from, until]: readonly [number, number],
  ...names: readonly string[]
): { readonly certificate: string; readonly key: string } {
  const files = { certificate: `${directory}/${name}.pem`, key: `${directory}/${name}.key` };
  const scratch = mkdtempSync(`${directory}/ca-`);
  const config = `[ca]
default_ca = own
[own]
database = ${scratch}/index
new_certs_dir = ${scratch}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectAltName = ${names.map(host => `DNS:${host}`).join(',')}
[req]
distinguished_name = name
[name]
`;
  writeFileSync(`${scratch}/cnf`, config);
  writeFileSync(`${scratch}/index`, '');
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const request = ['-subj', `/CN=${names[0]}`, '-keyout', files.key, '-out', `${scratch}/csr`];
  openssl('req', '-new', ...curve, ...request, '-config', `${scratch}/cnf`);
  const time = (ms: number) => `${new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;
  const dates = ['-startdate', time(from), '-enddate', time(until)];
  const given = ['-batch', '-selfsign', '-notext', '-keyfile', files.key, '-in', `${scratch}/csr`];
  openssl('ca', '-config', `${scratch}/cnf`, ...given, ...dates, '-out', files.certificate);
  rmSync(scratch, { recursive: true });
  return files;
}
