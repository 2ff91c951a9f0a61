// The order in which findings are told: the true cause comes first. Errors come before warnings, and each in the order of a visitor's
// way. But that hostd or an app is down, or answers badly, comes after what can be the reason for it. Pure.

import { type Check, checks, type Finding, type Severity } from './finding.ts';

const severities: readonly Severity[] = ['error', 'warning', 'note'];
const way = Object.keys(checks) as readonly Check[];
/** What has a reason elsewhere. */
const symptoms: ReadonlySet<Check> = new Set(['daemon', 'program', 'request']);

export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const reasons = findings.filter(({ severity, explains }) => severity === 'error' && explains);
  const last = Math.max(-1, ...reasons.map(({ check }) => way.indexOf(check)));
  const rank = ({ check, explains }: Finding) =>
    symptoms.has(check) && !explains ? Math.max(last + 0.5, way.indexOf(check)) : way.indexOf(check);
  return findings
    .map((finding, index) => ({ finding, index }))
    .sort(
      (a, b) =>
        severities.indexOf(a.finding.severity) - severities.indexOf(b.finding.severity) ||
        rank(a.finding) - rank(b.finding) ||
        a.index - b.index,
    )
    .map(({ finding }) => finding);
}
