// The local authority of `hostd dev --https` and a certificate for each name, in a folder of the user's own. Everything renews
// itself before it ends; what was issued by an authority that is gone is issued again.

import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isPermitted, type KeyFiles, makeAuthority, makeCertificate } from './openssl.ts';

const day = 86_400_000;
/** Milliseconds before its end that a certificate is renewed, and that the authority is. */
const renewMs = 30 * day;
const renewAuthorityMs = 100 * day;
/** Names that are asked for and belong to no app get a certificate too, up to this many. */
const most = 500;

export interface Certificates {
  /** The authority's certificate, which is to be trusted. */
  readonly authority: string;
  /** Whether the authority was made just now. */
  readonly isNew: boolean;
  /** The context for a host name; `also`: more names of the same site. */
  contextFor(host: string, also: readonly string[]): Promise<SecureContext>;
}

/** Opens the folder, and makes the authority where there is none, or one that ends soon. */
export async function openCertificates(folder: string): Promise<Certificates> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const authority = { key: join(folder, 'authority.key'), certificate: join(folder, 'authority.crt') };
  const isNew = read(authority, renewAuthorityMs) === null;
  if (isNew) await makeAuthority(authority, `${userInfo().username}@${hostname()}`);
  const issuer = new X509Certificate(readFileSync(authority.certificate));
  const contexts = new Map<string, { until: number; context: Promise<SecureContext> }>();

  return {
    authority: authority.certificate,
    isNew,
    contextFor(host, also) {
      const name = isPermitted(host) ? host : 'localhost';
      const known = contexts.get(name);
      if (known !== undefined && known.until > Date.now()) return known.context;
      if (contexts.size > most) contexts.clear();
      const hosts = [...new Set([name, ...also.filter(other => isPermitted(other.replace(/^\*\./, '')))])];
      const context = issue(folder, name, hosts, authority, issuer);
      // Looked at again once a day, since hostd dev may run for longer than a certificate.
      contexts.set(name, { until: Date.now() + day, context });
      context.catch(() => contexts.delete(name));
      return context;
    },
  };
}

async function issue(
  folder: string,
  name: string,
  hosts: readonly string[],
  authority: KeyFiles,
  issuer: X509Certificate,
) {
  const files = { key: join(folder, `${name}.key`), certificate: join(folder, `${name}.crt`) };
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

/** How an authority comes to be trusted, for the system, browsers and Python. */
export function howToTrust(authority: string): string {
  return `trust the local authority once:
  system         sudo cp ${authority} /usr/local/share/ca-certificates/hostd-dev.crt && sudo update-ca-certificates
  Chrome         certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "hostd dev" -i ${authority}   (apt-get install libnss3-tools)
  Firefox        Settings, Privacy & Security, View Certificates, Authorities, Import: ${authority}
  Python, curl   export SSL_CERT_FILE=${authority} REQUESTS_CA_BUNDLE=${authority}; curl --cacert ${authority}
it can vouch for names below .localhost and .test alone; its key stays in its folder, readable for you only`;
}
