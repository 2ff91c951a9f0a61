// The sites' certificates: read and judged by root, handed to the proxy workers as texts, and noticed when they are renewed.
// A pair that cannot be used (a renewal that is half written) leaves the last good one in its place, over restarts too.

import { closeSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { pairOf, validUntil } from '../../config/certificate.ts';
import { HostdError, messageOf } from '../../errors.ts';
import { type Owner, openThroughLinks } from '../../linux/paths.ts';
import type { CertificateFiles, Host, Site } from '../../model/host.ts';
import type { Pem } from '../../protocol/worker.ts';
import { userOf } from '../runs/launch.ts';
import type { Records } from '../runs/records.ts';
import { makeDirectoryWatch } from './directory-watch.ts';

/** Bytes of one PEM file: a chain of ten has about 20 kB. */
const longestPem = 262_144;
export interface Certificates {
  /** The pairs of a host's sites, by site name: as they are on disk now, or the last good ones. Changes nothing. */
  read(host: Host): ReadonlyMap<string, Pem>;
  /** Notes the good pairs of the host that is in force, for when they are not so any more, and says which are not. */
  keep(host: Host): void;
  /** Calls back when any file of this host's certificates may have changed; replaces the watches before. */
  watch(host: Host): void;
}

/** `renew` resolves with whether anything had changed. */
export function makeCertificates(
  renew: () => Promise<boolean>,
  records: Records,
  warn: (message: string) => void,
): Certificates {
  /** The last good pairs, as the records have them. */
  const good = new Map(records.pairs());
  const said = new Map<string, string>();
  // certbot replaces the links in live/NAME, so the directory is what changes. An app must not be able to turn the workers over.
  const directories = makeDirectoryWatch(renew);

  /** Once, until something else is to be said of this site. */
  const say = (site: string, message: string | null) => {
    if (message === null) said.delete(site);
    else if (said.get(site) !== message) {
      said.set(site, message);
      warn(message);
    }
  };
  const keep = (site: string, pem: Pem | null) => {
    const last = good.get(site);
    if (last?.certificate === pem?.certificate && last?.key === pem?.key) return;
    if (pem === null) good.delete(site);
    else good.set(site, pem);
    try {
      records.setPair(site, pem);
    } catch (error) {
      warn(`cannot note the certificate of "${site}" for a next hostd: ${messageOf(error)}`);
    }
  };
  /** An older hostd may have thought it good that this one would not. */
  const lastGood = (site: string): Pem | null => {
    const last = good.get(site);
    const pair = last === undefined ? null : pairOf(last.certificate, last.key);
    return typeof pair === 'string' ? null : pair;
  };
  /** Null pem: there is no good pair. */
  const readSite = (host: Host, site: Site, files: CertificateFiles) => {
    try {
      return { pem: readPair(files, ownerOf(host, site.name)), why: null };
    } catch (error) {
      return { pem: lastGood(site.name), why: messageOf(error) };
    }
  };
  const keepSite = (host: Host, site: Site, files: CertificateFiles) => {
    const { pem, why } = readSite(host, site, files);
    if (pem !== null && why === null) {
      say(site.name, lateness(site.name, pem));
      keep(site.name, pem);
      return;
    }
    const instead = pem === null ? 'it is served without TLS' : 'the one before serves on';
    say(site.name, `"${site.name}": ${why}; ${instead}`);
  };
  return {
    read(host) {
      const pairs = host.sites.flatMap((site): [string, Pem][] => {
        const pem = site.certificate === null ? null : readSite(host, site, site.certificate).pem;
        return pem === null ? [] : [[site.name, pem]];
      });
      return new Map(pairs);
    },
    keep(host) {
      const withPair = host.sites.filter(site => site.certificate !== null);
      for (const site of withPair) if (site.certificate !== null) keepSite(host, site, site.certificate);
      const names = new Set(withPair.map(site => site.name));
      for (const site of good.keys()) if (!names.has(site)) keep(site, null);
    },
    watch: host => directories.watch(directoriesOf(host)),
  };
}

function directoriesOf(host: Host): ReadonlySet<string> {
  const files = host.sites.flatMap(({ certificate: pair }) =>
    pair === null ? [] : [pair.certificate, pair.key],
  );
  return new Set(files.map(dirname));
}

function ownerOf(host: Host, site: string): Owner {
  const app = host.programs.find(program => program.app === site);
  return app === undefined ? { uid: 0, gid: 0 } : userOf(app);
}

function readPair(files: CertificateFiles, owner: Owner): Pem {
  const certificate = readPem(files.certificate, owner);
  const key = readPem(files.key, owner);
  const pair = pairOf(certificate, key);
  if (typeof pair === 'string')
    throw new HostdError('config', `${pair} (${files.certificate}, ${files.key})`);
  return pair;
}

function readPem(path: string, owner: Owner): string {
  const fd = openThroughLinks(path, owner);
  try {
    // By what is read, not by what the file says of itself: it may be an app's.
    const bytes = Buffer.alloc(longestPem + 1);
    let length = 0;
    for (let size = -1; size !== 0 && length < bytes.length; length += size)
      size = readSync(fd, bytes, length, bytes.length - length, null);
    if (length > longestPem)
      throw new HostdError('failed', `cannot read "${path}": longer than a certificate can be`);
    return bytes.toString('latin1', 0, length);
  } finally {
    closeSync(fd);
  }
}

function lateness(site: string, { certificate }: Pem): string | null {
  const until = validUntil(certificate);
  if (!(until < Date.now())) return null;
  return `"${site}": its certificate is valid no more since ${new Date(until).toISOString()}\n  try: certbot renew`;
}
