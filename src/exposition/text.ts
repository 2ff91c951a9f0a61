// Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0 (github.com/OpenObservability/OpenMetrics). Pure.

import type { PlainSample } from '../protocol/sample.ts';
import { type Family, familiesOf, type Labels } from './families.ts';

export type Format = 'text' | 'openmetrics';

/** Content-Type of each. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The whole text. */
export function expose(sample: PlainSample, format: Format): string {
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

/** `known`: the texts that were made already. */
function lines({ name, variants, series }: Family, known: Map<Labels, string>): string {
  const beginnings = variants.map(({ suffix }) => `${name}${suffix}`);
  const ends = variants.map(({ labels }) => (labels === null ? '' : pairsOf(labels)));
  let text = '';
  for (const { labels, values } of series) {
    const own = labels === null ? '' : knownPairsOf(labels, known);
    for (let i = 0; i < values.length; i++) {
      const end = ends[i] ?? '';
      const comma = own !== '' && end !== '' ? ',' : '';
      const pairs = own === '' && end === '' ? '' : `{${own}${comma}${end}}`;
      text += `${beginnings[i]}${pairs} ${numberOf(values[i] ?? 0)}\n`;
    }
  }
  return text;
}

function knownPairsOf(labels: Labels, known: Map<Labels, string>): string {
  const text = known.get(labels) ?? pairsOf(labels);
  known.set(labels, text);
  return text;
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
