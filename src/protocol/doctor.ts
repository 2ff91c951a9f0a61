// What `hostctl doctor --json` prints and POST /v1/doctor answers: what was found about the machine and about an app. Whoever shows it
// reads it with bounds, since there are words of apps in it.

export interface ExaminedReport {
  /** null: the machine. */
  readonly name: string | null;
  readonly errors: number;
  readonly warnings: number;
  /** The true cause first. */
  readonly findings: readonly FindingReport[];
  readonly not_looked_at: readonly UnseenReport[];
}

export interface FindingReport {
  readonly check: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  /** The next move; null: there is none. */
  readonly try: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

export interface UnseenReport {
  readonly check: string;
  readonly why: string;
  /** There is nothing of the kind to look at. */
  readonly moot: boolean;
}

/** `POST /v1/doctor`. */
export interface DoctorRequest {
  /** An app, or a program of no app. */
  readonly name: string;
  /** Whether an app that sleeps is asked all the same; absent: it is not. */
  readonly wake?: boolean;
}

/** Milliseconds that one examination may take. */
export const longestExamination = 180_000;
/** Findings of one, and characters of a text, that are read. */
const most = { each: 200, text: 2000 };

/** null: it is no such report. */
export function decodeExamined(text: string): readonly ExaminedReport[] | null {
  try {
    const all: unknown = JSON.parse(text);
    return Array.isArray(all) ? all.slice(0, most.each).map(examinedOf) : null;
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function examinedOf(value: Fields): ExaminedReport {
  const findings = listOf(value['findings']).map(findingOf);
  const of = (severity: string) => findings.filter(finding => finding.severity === severity).length;
  return {
    name: textOrNull(value['name']),
    errors: of('error'),
    warnings: of('warning'),
    findings,
    not_looked_at: listOf(value['not_looked_at']).map(({ check, why, moot }) => ({
      check: textOf(check),
      why: textOf(why),
      moot: moot === true,
    })),
  };
}

function findingOf({ check, severity, message, try: move, file, line, column }: Fields): FindingReport {
  return {
    check: textOf(check),
    severity: severity === 'error' || severity === 'warning' ? severity : 'note',
    message: textOf(message),
    try: textOrNull(move),
    file: textOrNull(file),
    line: typeof line === 'number' ? line : null,
    column: typeof column === 'number' ? column : null,
  };
}

function listOf(value: unknown): readonly Fields[] {
  const all: readonly unknown[] = Array.isArray(value) ? value.slice(0, most.each) : [];
  return all.filter((one): one is Fields => typeof one === 'object' && one !== null);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? textOf(value) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, most.text) : '';
}
