// Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0 (github.com/OpenObservability/OpenMetrics). Pure.

import type { Sample } from '../protocol/sample.ts';
import { type Family, familiesOf, type Labels, type Series } from './families.ts';

export type Format = 'text' | 'openmetrics';

/** Content-Type of each. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The whole text. */
export function expose(sample: Sample, format: Format): string {
  const known = new Map<Labels, string>();
  const families = familiesOf(sample).map(family => describe(family, format) + lines(family, known));
  return families.join('') + (format === 'openmetrics' ? '# EOF\n' : '');
}

function describe({ name, type, unit, help }: Family, format: Format): string {
  if (format === 'openmetrics') {
    const unitLine = unit === undefined || !name.endsWith(`_${unit}`) ? '' : `# UNIT ${name} ${unit}\n`;
    return `# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${escapeHelp(help, format)}\n`;
  }
  const full = type === 'counter' ? `${name}_total` : type === 'info' ? `${name}_info` : name;
  return `# HELP ${full} ${escapeHelp(help, format)}\n# TYPE ${full} ${type === 'info' ? 'gauge' : type}\n`;
}

function lines({ name, series }: Family, known: Map<Labels, string>): string {
  let text = '';
  for (const one of series) text += `${name}${one.suffix}${labelsOf(one, known)} ${numberOf(one.value)}\n`;
  return text;
}

/** `known`: the texts that were made already. */
function labelsOf({ labels }: Series, known: Map<Labels, string>): string {
  if (labels.length === 0) return '';
  let text = '';
  for (const some of labels) {
    let own = known.get(some);
    if (own === undefined) {
      own = pairsOf(some);
      known.set(some, own);
    }
    text += text === '' ? own : `,${own}`;
  }
  return `{${text}}`;
}

function pairsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function numberOf(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** OpenMetrics escapes the quotes, too. */
function escapeHelp(text: string, format: Format): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}
