// What hostctl doctor prints. Pure: findings in, text out.

import type { Examined } from '../../doctor/examine.ts';
import { type Check, checks, type Finding, made, type Severity } from '../../doctor/finding.ts';
import type { ExaminedReport } from '../../protocol/doctor.ts';
import { escapeLine } from '../../words/escape.ts';
import { count } from './print.ts';

const colours: Readonly<Record<Severity, string>> = { error: '\x1b[31m', warning: '\x1b[33m', note: '' };
const plain = '\x1b[0m';

export interface Manner {
  /** `first`: of each app what is wrong first. `faults`: all that is wrong. `way`: each check, notes and what was not looked at, too. */
  readonly show: 'first' | 'faults' | 'way';
  readonly hasColours: boolean;
}

/** One app, or the machine (name null), which is only mentioned where there is something to say. */
export function examinedText(examined: Examined, { show, hasColours }: Manner): string {
  const { name, findings, unseen } = examined;
  const title = escapeLine(name ?? 'machine');
  if (show === 'way') return `${title}\n${wayText(examined, hasColours)}`;
  const faults = findings.filter(({ severity }) => severity !== 'note');
  const [first] = faults;
  const notes = findings.length - faults.length;
  if (first === undefined) {
    const missed = unseenText(examined);
    const more = show === 'faults' && notes > 0 ? ` (${count(notes, 'note')}: --all)` : '';
    return `${title}: ${missed === '' ? 'ok' : 'nothing wrong is seen'}${more}\n${show === 'faults' || name === null ? missed : briefly(unseen.filter(({ isMoot }) => isMoot !== true).length)}`;
  }
  const shown = show === 'first' && first.severity === 'error' ? [first] : faults;
  const left = faults.length - shown.length;
  const more = left === 0 ? '' : `  ${left} more: hostctl doctor ${name === null ? '--all' : title}\n`;
  return `${title}: ${totals(faults)}\n${shown.map(finding => findingText(finding, hasColours)).join('')}${more}${show === 'faults' || name === null ? unseenText(examined) : ''}`;
}

function briefly(unseen: number): string {
  return unseen === 0 ? '' : `  not everything was looked at: --all\n`;
}

function totals(faults: readonly Finding[]): string {
  const of = (severity: Severity) => faults.filter(fault => fault.severity === severity).length;
  const parts = [
    of('error') > 0 ? count(of('error'), 'error') : '',
    of('warning') > 0 ? count(of('warning'), 'warning') : '',
  ];
  return parts.filter(part => part !== '').join(', ');
}

function findingText({ check, severity, message, hint, at }: Finding, hasColours: boolean): string {
  const place = at !== undefined && 'line' in at ? ` (${at.file}:${at.line}:${at.column})` : '';
  const word = hasColours && colours[severity] !== '' ? `${colours[severity]}${severity}${plain}` : severity;
  const move = hint === null ? '' : `    try: ${escapeLine(hint)}\n`;
  return `  ${word}: ${check}: ${escapeLine(message)}${escapeLine(place)}\n${move}`;
}

/** What was not looked at, a line for each reason. */
function unseenText({ unseen }: Pick<Examined, 'unseen'>): string {
  const reasons = new Map<string, Set<Check>>();
  for (const { check, why, isMoot } of unseen)
    if (isMoot !== true) reasons.set(why, (reasons.get(why) ?? new Set()).add(check));
  return [...reasons]
    .map(([why, names]) => `  not looked at: ${[...names].join(', ')} (${escapeLine(why)})\n`)
    .join('');
}

const ofMachine: ReadonlySet<string> = new Set([
  'daemon',
  'configuration',
  'port',
  'proxy',
  'disk',
  'memory',
]);
const onlyOfMachine: ReadonlySet<string> = new Set(['daemon', 'port']);

/** Every check in its order. */
function wayText({ name, findings, unseen }: Examined, hasColours: boolean): string {
  const all = Object.keys(checks) as Check[];
  const own = all.filter(check => (name === null ? ofMachine.has(check) : !onlyOfMachine.has(check)));
  return all
    .map(check => {
      const made = findings.filter(finding => finding.check === check);
      if (made.length > 0) return made.map(finding => findingText(finding, hasColours)).join('');
      const missed = unseen.find(one => one.check === check);
      if (missed !== undefined) return `  not looked at: ${check} (${escapeLine(missed.why)})\n`;
      return own.includes(check) ? `  ok: ${check}: ${checks[check]}\n` : '';
    })
    .join('');
}

/** An element of --json. */
export function examinedJson({ name, findings, unseen }: Examined): ExaminedReport {
  return {
    name,
    errors: findings.filter(({ severity }) => severity === 'error').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    findings: findings.map(({ check, severity, message, hint, at }) => ({
      check,
      severity,
      message,
      try: hint,
      file: at?.file ?? null,
      line: at !== undefined && 'line' in at ? at.line : null,
      column: at !== undefined && 'line' in at ? at.column : null,
    })),
    not_looked_at: unseen.map(({ check, why, isMoot = false }) => ({ check, why, moot: isMoot })),
  };
}

/** The same again, as hostd's own doctor has said it. What only puts findings in their order is lost. */
export function examinedFrom({ name, findings, not_looked_at }: ExaminedReport): Examined {
  return {
    name,
    findings: findings.map(({ check, severity, message, try: hint, file, line, column }) => {
      const place = line === null || column === null ? { key: [] } : { line, column };
      return made(check as Check, severity, message, hint, file === null ? {} : { at: { file, ...place } });
    }),
    unseen: not_looked_at.map(({ check, why, moot }) => ({
      check: check as Check,
      why,
      ...(moot ? { isMoot: true } : {}),
    })),
  };
}
