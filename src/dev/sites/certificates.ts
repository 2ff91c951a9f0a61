// The local authority of `hostd dev --https`, and a certificate for each name, in a folder of the user's. Each is renewed before it
// ends. Certificates of an authority that is gone are issued again.

import { createHash, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { admitHostName } from '../../model/host-name.ts';
import { isPermitted, type KeyFiles, makeAuthority, makeCertificate } from './openssl.ts';

const day = 86_400_000;
/** Milliseconds before its end in which a certificate, or the authority, is renewed. */
const renewMs = 30 * day;
const renewAuthorityMs = 100 * day;
/** Names of no app that get a certificate, at most. Each costs two runs of openssl. */
const mostStrangers = 100;

export interface Certificates {
  /** The authority's certificate, which browsers have to trust. */
  readonly authority: string;
  /** Whether the authority was made just now. */
  readonly isNew: boolean;
  /** The context for the name that a client sent. `also`: other names of the same site; null: no site has the name. */
  contextFor(host: string, also: readonly string[] | null): Promise<SecureContext>;
}

/** Opens the folder. Makes the authority if it is missing, or ends soon. */
export async function openCertificates(folder: string): Promise<Certificates> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const authority = { key: join(folder, 'authority.key'), certificate: join(folder, 'authority.crt') };
  const isNew = read(authority, renewAuthorityMs) === null;
  if (isNew) await makeAuthority(authority, `${userInfo().username}@${hostname()}`);
  const issuer = new X509Certificate(readFileSync(authority.certificate));
  const contexts = new Map<string, { until: number; context: Promise<SecureContext> }>();
  const strangers = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  /** The name in the certificate. A client may send any name. */
  const nameFor = (host: string, also: readonly string[] | null): string => {
    const name = admitHostName(host);
    if (name === null || !isPermitted(name)) return 'localhost';
    const isOwn = also !== null && (also.includes(name) || !also.some(other => covers(other, name)));
    if (isOwn || name === 'localhost' || strangers.has(name)) return name;
    if (strangers.size >= mostStrangers) return 'localhost';
    strangers.add(name);
    return name;
  };

  return {
    authority: authority.certificate,
    isNew,
    contextFor(host, also) {
      const name = nameFor(host, also);
      const known = contexts.get(name);
      if (known !== undefined && known.until > Date.now()) return known.context;
      const others = (also ?? []).filter(other => isPermitted(other.replace(/^\*\./, '')));
      const hosts = [...new Set([name, ...others])];
      // One after the other, so that many names do not start many processes.
      const context = last.then(() => issue(folder, name, hosts, authority, issuer));
      last = context.catch(() => {});
      // Checked again once a day, since hostd dev may run longer than a certificate lasts.
      contexts.set(name, { until: Date.now() + day, context });
      context.catch(() => contexts.delete(name));
      return context;
    },
  };
}

/** Whether a wildcard has the name below it. */
function covers(wildcard: string, name: string): boolean {
  return wildcard.startsWith('*.') && name.endsWith(wildcard.slice(1));
}

async function issue(
  folder: string,
  name: string,
  hosts: readonly string[],
  authority: KeyFiles,
  issuer: X509Certificate,
) {
  const file = join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32));
  const files = { key: `${file}.key`, certificate: `${file}.crt` };
  const found = read(files, renewMs);
  const wanted = hosts.map(host => `DNS:${host}`).join(', ');
  if (found === null || found.subjectAltName !== wanted || !found.verify(issuer.publicKey))
    await makeCertificate(files, hosts, authority);
  return createSecureContext({
    key: readFileSync(files.key),
    cert: Buffer.concat([readFileSync(files.certificate), readFileSync(authority.certificate)]),
    minVersion: 'TLSv1.2',
  });
}

/** The certificate, unless it or its key is missing, broken, or ends within `margin` milliseconds. */
function read({ key, certificate }: KeyFiles, margin: number): X509Certificate | null {
  if (!existsSync(key) || !existsSync(certificate)) return null;
  try {
    const found = new X509Certificate(readFileSync(certificate));
    return Date.parse(found.validTo) - Date.now() > margin ? found : null;
  } catch {
    return null;
  }
}

/** How to make the system, browsers and Python trust an authority. */
export function howToTrust(authority: string): string {
  return `trust the local authority once:
  system         sudo cp ${authority} /usr/local/share/ca-certificates/hostd-dev.crt && sudo update-ca-certificates
  Chrome         certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "hostd dev" -i ${authority}   (apt-get install libnss3-tools)
  Firefox        Settings, Privacy & Security, View Certificates, Authorities, Import: ${authority}
  Python, curl   export SSL_CERT_FILE=${authority} REQUESTS_CA_BUNDLE=${authority}; curl --cacert ${authority}
it can vouch for names below .localhost and .test alone; its key stays in its folder, readable for you only`;
}
