// The sites' certificates, judged as hostd does: whether key and certificate are a pair, for which names, and until when.

import {
  describeEnd,
  factsOf,
  faultOf,
  longestPem,
  pairOf,
  uncovered,
  warningOf,
} from '../config/certificate.ts';
import { errnoOf, messageOf } from '../errors.ts';
import { readText } from '../linux/read-text.ts';
import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import { finding } from './problem.ts';

/** A missing file is reported by model/check-site.ts, not here. `now`: Unix time in milliseconds. */
export function checkCertificate(app: App, user: User, now: number): readonly Problem[] {
  const { problems, ending } = lookAtCertificate(app, user, now);
  return [...problems, ...(ending === null ? [] : [ending.problem])];
}

export interface CertificateLooks {
  readonly problems: readonly Problem[];
  /** Set for a good one that ends soon: which of the days before its end has come, 30, 14 or 3. */
  readonly ending: { readonly days: number; readonly problem: Problem } | null;
}

export function lookAtCertificate(app: App, user: User, now: number): CertificateLooks {
  const only = (problems: readonly Problem[]) => ({ problems, ending: null });
  if (app.certificate === null) return only([]);
  const files = app.certificate;
  const read = (path: string) => {
    try {
      return { text: readText(path, user, longestPem), why: null };
    } catch (error) {
      return { text: null, why: errnoOf(error) === 'ENOENT' || !isRoot() ? null : messageOf(error) };
    }
  };
  const error = (key: string, message: string, hint: string) =>
    only([finding('error', app, key, message, hint)]);
  const renewal = `certbot certonly -d ${app.serverNames.find(host => !host.startsWith('*')) ?? 'HOST'}`;
  const certificate = read(files.certificate);
  if (certificate.text === null)
    return certificate.why === null
      ? only([])
      : error('certificate', certificate.why, `ls -l ${files.certificate}`);
  const key = read(files.key);
  if (key.why !== null) return error('certificate_key', key.why, `ls -l ${files.key}`);
  const pair = key.text === null ? null : pairOf(certificate.text, key.text);
  if (typeof pair === 'string')
    return error('certificate_key', `${pair} (${files.certificate}, ${files.key})`, renewal);
  const facts = factsOf(certificate.text);
  if (facts === null) return error('certificate', `"${files.certificate}" is no PEM certificate`, renewal);
  const hosts = [...app.serverNames, ...app.redirectFrom];
  const fault = faultOf(facts, hosts, now);
  if (fault !== null) return error('certificate', `${fault} (${files.certificate})`, renewal);
  const warn = (message: string, hint: string) => finding('warning', app, 'certificate', message, hint);
  const left = uncovered(facts.names, hosts);
  const days = warningOf(facts, now);
  return {
    problems:
      left.length === 0 ? [] : [warn(`its certificate is not for ${left.join(', ')}`, `${renewal} --expand`)],
    ending:
      days === null
        ? null
        : { days, problem: warn(`its certificate ${describeEnd(facts, now)}`, 'certbot renew') },
  };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
