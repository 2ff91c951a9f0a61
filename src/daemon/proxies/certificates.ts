// The sites' certificates: root reads and judges them, hands them to the proxy workers as texts, and notices renewals. Instead of a
// pair that cannot be used (a renewal half written), or that every client would refuse, the last good one stays in place,
// also over restarts.

import { dirname } from 'node:path';
import {
  type CertificateFacts,
  dayOf,
  describeEnd,
  factsOf,
  faultOf,
  longestPem,
  nextMoment,
  pairOf,
  warningOf,
} from '../../config/certificate.ts';
import { HostdError, messageOf } from '../../errors.ts';
import type { Owner } from '../../linux/paths.ts';
import { readText } from '../../linux/read-text.ts';
import type { Happening } from '../../model/happenings.ts';
import type { CertificateFiles, Host, Site } from '../../model/host.ts';
import type { Pem } from '../../protocol/worker.ts';
import type { Tell } from '../events/bus.ts';
import type { Records } from '../runs/records.ts';
import { makeDirectoryWatch } from './directory-watch.ts';
import { ownerOfSite } from './site-owner.ts';

/** The longest wait of setTimeout, in milliseconds. */
const longestWait = 2 ** 31 - 1;

const servesOn = 'the one before serves on';

/** What a site is served with. */
export interface CertificateState {
  /** Unix time in milliseconds; null: the site has no TLS. */
  readonly until: number | null;
  /** What is wrong with the files, or with the pair that is served; null: nothing. */
  readonly fault: string | null;
}

export interface Certificates {
  /** The pairs of a host's sites, by site name: from the disk, or the last good ones. Changes nothing. */
  read(host: Host): ReadonlyMap<string, Pem>;
  /** Notes the good pairs of the host that is in force, for a time when they are bad. Logs which pairs are bad now. */
  keep(host: Host): void;
  /** Calls back when any file of this host's certificates may have changed. Replaces the former watches. */
  watch(host: Host): void;
  /** By site name, as of the last `keep`. */
  states(): ReadonlyMap<string, CertificateState>;
}

/** One site's files and their verdict. */
interface Judged {
  /** The pair that the site is served with; null: none. */
  readonly pem: Pem | null;
  readonly facts: CertificateFacts | null;
  /** Facts about the certificate on disk, if there is one. */
  readonly onDisk: CertificateFacts | null;
  readonly fault: string | null;
  /** What visitors meet because of the fault. */
  readonly instead: string;
}

/** `renew` resolves with whether anything has changed. */
export function makeCertificates(
  renew: () => Promise<boolean>,
  records: Records,
  { warn, tell }: { readonly warn: (message: string) => void; readonly tell: Tell },
  now: () => number = Date.now,
): Certificates {
  /** The last good pairs, at first from the records. */
  const good = new Map(records.pairs());
  const said = new Map<string, string>();
  const states = new Map<string, CertificateState>();
  let timer: NodeJS.Timeout | undefined;
  // certbot replaces the links in live/NAME, so the directory changes. An app must not be able to renew the workers at will.
  const directories = makeDirectoryWatch(renew);

  /** Logs and tells once for each `key`, until something else is said of this site. */
  const say = (site: string, key: string, message: string, happening: Happening) => {
    if (said.get(site) === key) return;
    said.set(site, key);
    warn(message);
    tell(happening);
  };
  const keep = (site: string, pem: Pem | null) => {
    const last = good.get(site);
    if (last?.certificate === pem?.certificate && last?.key === pem?.key) return;
    if (pem === null) good.delete(site);
    else good.set(site, pem);
    if (pem !== null && last !== undefined) tellRenewed(site, pem);
    try {
      records.setPair(site, pem);
    } catch (error) {
      warn(`cannot note the certificate of "${site}" for a next hostd: ${messageOf(error)}`);
    }
  };
  const tellRenewed = (name: string, pem: Pem) => {
    const until = factsOf(pem.certificate)?.until ?? null;
    const cause = until === null ? '' : `valid until ${dayOf(until)}`;
    tell({ kind: 'certificate-renewed', name, cause, until: until === null ? null : seconds(until) });
  };
  /** The last good pair, if this hostd finds it good: an older hostd may have been less strict. */
  const lastGood = (site: string): Pem | null => {
    const last = good.get(site);
    const pair = last === undefined ? null : pairOf(last.certificate, last.key);
    return typeof pair === 'string' ? null : pair;
  };
  const judge = (host: Host, site: Site, files: CertificateFiles): Judged => {
    const hosts = [...site.serverNames, ...site.redirectFrom];
    const wrongWith = (facts: CertificateFacts | null) =>
      facts === null ? null : faultOf(facts, hosts, now());
    let pem: Pem;
    try {
      pem = readPair(files, ownerOfSite(host, site.name));
    } catch (error) {
      const before = lastGood(site.name);
      const facts = before === null ? null : factsOf(before.certificate);
      const instead = before === null ? 'it is served without TLS' : servesOn;
      return { pem: before, facts, onDisk: null, fault: messageOf(error), instead };
    }
    const facts = factsOf(pem.certificate);
    const wrong = wrongWith(facts);
    if (wrong === null) return { pem, facts, onDisk: facts, fault: null, instead: '' };
    const fault = `${wrong} (${files.certificate})`;
    const before = lastGood(site.name);
    const beforeFacts = before === null ? null : factsOf(before.certificate);
    if (beforeFacts !== null && wrongWith(beforeFacts) === null)
      return { pem: before, facts: beforeFacts, onDisk: facts, fault, instead: servesOn };
    return { pem, facts, onDisk: facts, fault, instead: 'there is no better one' };
  };
  const keepSite = (host: Host, site: Site, files: CertificateFiles): readonly number[] => {
    const { pem, facts, onDisk, fault, instead } = judge(host, site, files);
    const { name } = site;
    states.set(name, { until: facts?.until ?? null, fault: fault === null ? null : `${fault}; ${instead}` });
    const days = facts === null ? null : warningOf(facts, now());
    const end = facts === null || days === null ? '' : `its certificate ${describeEnd(facts, now())}`;
    if (fault !== null) {
      const words = [fault, instead, end].filter(Boolean).join('; ');
      say(
        name,
        `${fault} ${days}`,
        `"${name}": ${words}\n  try: ${onDisk === null ? 'hostd check' : 'certbot renew'}`,
        { kind: 'certificate-refused', name, cause: words },
      );
    } else if (facts !== null && days !== null)
      say(name, `${facts.until} ${days}`, `"${name}": ${end}\n  try: certbot renew`, {
        kind: 'certificate-ends',
        name,
        cause: end,
        until: seconds(facts.until),
        days,
      });
    else said.delete(name);
    if (pem !== null) keep(name, pem);
    return [facts, onDisk].flatMap(some => (some === null ? [] : (nextMoment(some, now()) ?? [])));
  };
  /** Waits for the next moment at which something has to be said, or another pair to be served. */
  const wait = (moments: readonly number[]) => {
    clearTimeout(timer);
    const next = moments.toSorted((a, b) => a - b)[0];
    if (next === undefined) return;
    timer = setTimeout(() => void renew(), Math.min(longestWait, Math.max(0, next - now()) + 1));
    timer.unref();
  };
  return {
    read(host) {
      const pairs = host.sites.flatMap((site): [string, Pem][] => {
        const pem = site.certificate === null ? null : judge(host, site, site.certificate).pem;
        return pem === null ? [] : [[site.name, pem]];
      });
      return new Map(pairs);
    },
    keep(host) {
      const withPair = host.sites.filter(site => site.certificate !== null);
      const names = new Set(withPair.map(site => site.name));
      for (const site of good.keys()) if (!names.has(site)) keep(site, null);
      for (const kept of [states, said])
        for (const site of kept.keys()) if (!names.has(site)) kept.delete(site);
      wait(
        withPair.flatMap(site =>
          site.certificate === null ? [] : [...keepSite(host, site, site.certificate)],
        ),
      );
    },
    watch: host => directories.watch(directoriesOf(host)),
    states: () => states,
  };
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

function directoriesOf(host: Host): ReadonlySet<string> {
  const files = host.sites.flatMap(({ certificate: pair }) =>
    pair === null ? [] : [pair.certificate, pair.key],
  );
  return new Set(files.map(dirname));
}

function readPair(files: CertificateFiles, owner: Owner): Pem {
  const certificate = readText(files.certificate, owner, longestPem);
  const key = readText(files.key, owner, longestPem);
  const pair = pairOf(certificate, key);
  if (typeof pair === 'string')
    throw new HostdError('config', `${pair} (${files.certificate}, ${files.key})`);
  return pair;
}
