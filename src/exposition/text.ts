// Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0 (github.com/OpenObservability/OpenMetrics). Pure.

import type { Sample } from '../protocol/sample.ts';
import { type Family, familiesOf, type Series } from './families.ts';

export type Format = 'text' | 'openmetrics';

/** Content-Type of each. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The whole text. */
export function expose(sample: Sample, format: Format): string {
  const families = familiesOf(sample).map(family => describe(family, format) + lines(family));
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

function lines({ name, series }: Family): string {
  return series.map(one => `${name}${one.suffix}${labelsOf(one)} ${numberOf(one.value)}\n`).join('');
}

function labelsOf({ labels }: Series): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
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
