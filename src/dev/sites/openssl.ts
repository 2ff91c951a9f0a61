// Certificates by the openssl program, which every Linux machine for development has. A library would be far larger than this use
// of it. Keys are made here, and only their owner can read them from their first moment.

import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { errnoOf, HostdError } from '../../errors.ts';
import { admitHostName } from '../../model/host-name.ts';

/** The names that the authority may vouch for. A thief of its key can forge no others (RFC 5280, 4.2.1.10). */
const permittedDomains = ['localhost', 'test'] as const;

/** Whether a host name is one of these, or below one. */
export function isPermitted(host: string): boolean {
  return permittedDomains.some(domain => host === domain || host.endsWith(`.${domain}`));
}

const authorityDays = 1825;
/** Days. Browsers accept more from a private authority, but renewal is automatic. */
const certificateDays = 90;

export interface KeyFiles {
  readonly key: string;
  readonly certificate: string;
}

/** Makes an authority. `owner` becomes part of its name, so that people can tell theirs from another's. */
export async function makeAuthority(files: KeyFiles, owner: string): Promise<void> {
  writeKey(files.key);
  const config = `[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
O = hostd dev
CN = ${commonName(`hostd dev ${owner}`)}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, ${permittedDomains.map(domain => `permitted;DNS:${domain}`).join(', ')}
`;
  await withFile(`${files.certificate}.cnf`, config, file =>
    openssl(
      'req',
      '-x509',
      '-new',
      '-sha256',
      '-key',
      files.key,
      '-out',
      files.certificate,
      '-days',
      String(authorityDays),
      '-config',
      file,
    ),
  );
}

/** Makes a certificate for host names, signed by the authority. @throws HostdError for a text that is no host name. */
export async function makeCertificate(
  files: KeyFiles,
  hosts: readonly string[],
  authority: KeyFiles,
): Promise<void> {
  for (const host of hosts)
    if (admitHostName(host.replace(/^\*\./, '')) !== host.replace(/^\*\./, ''))
      throw new HostdError(
        'failed',
        `cannot make a certificate for ${JSON.stringify(host)}: it is no host name`,
      );
  writeKey(files.key);
  const config = `[req]
distinguished_name = name
prompt = no
[name]
O = hostd dev
CN = ${commonName(hosts[0] ?? '')}
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${hosts.map(host => `DNS:${host}`).join(', ')}
`;
  const request = `${files.certificate}.csr`;
  try {
    await withFile(`${files.certificate}.cnf`, config, async file => {
      await openssl('req', '-new', '-sha256', '-key', files.key, '-out', request, '-config', file);
      await openssl(
        ...['x509', '-req', '-sha256', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key],
        ...[
          '-set_serial',
          `0x${randomBytes(16).toString('hex').replace(/^./, '4')}`,
          '-days',
          String(certificateDays),
        ],
        ...['-extfile', file, '-extensions', 'server', '-out', files.certificate],
      );
    });
  } finally {
    rmSync(request, { force: true });
  }
}

/** A name of at most 64 characters (RFC 5280, ub-common-name), without those that openssl's configuration gives a meaning. */
function commonName(text: string): string {
  return text
    .replace(/[^\w@. *-]/g, '')
    .slice(0, 64)
    .trim();
}

/** Writes a new P-256 key, in the place of an old one. */
function writeKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  rmSync(path, { force: true });
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
}

async function withFile(path: string, text: string, work: (path: string) => Promise<void>): Promise<void> {
  writeFileSync(path, text, { mode: 0o600 });
  try {
    await work(path);
  } finally {
    rmSync(path, { force: true });
  }
}

function openssl(...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('openssl', [...args], { timeout: 20_000 }, (error, _output, errors) => {
      if (error === null) resolve();
      else if (errnoOf(error) === 'ENOENT')
        reject(
          new HostdError('failed', 'cannot make certificates: there is no openssl', {
            hint: 'apt-get install openssl',
          }),
        );
      else
        reject(
          new HostdError(
            'failed',
            `cannot make certificates: openssl ${args[0]} said: ${errors.trim().split('\n')[0]}`,
            { cause: error },
          ),
        );
    });
  });
}
