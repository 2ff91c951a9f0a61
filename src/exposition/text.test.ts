import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlainSample, PlainSite, ProgramSample } from '../protocol/sample.ts';
import { rowLength } from '../protocol/traffic.ts';
import { expose } from './text.ts';

const program: ProgramSample = {
  name: 'hello',
  app: 'hello',
  group: 'hello',
  kind: 'gunicorn',
  state: 'RUNNING',
  statecode: 20,
  pid: 12,
  uptime_seconds: 7,
  started: 1_700_000_000,
  restarts: 2,
  idle_since: null,
  processes: 4,
  cpu_seconds: 1.25,
  memory_bytes: 4096,
  memory_kind: 'resident',
  schedule: null,
};

function siteOf(name: string | null, numbers: Readonly<Record<number, number>> = {}): PlainSite {
  const row = new Array<number>(rowLength).fill(0);
  for (const [at, value] of Object.entries(numbers)) row[Number(at)] = value;
  return {
    name,
    row,
    waiting_requests: 0,
    oldest_request_seconds: null,
    maintenance: false,
    certificate_ends: null,
    certificate_bad: false,
  };
}

const sample: PlainSample = {
  time: 1_700_000_007,
  clock: 7,
  hostd: {
    version: '0.2.0',
    pid: 1,
    started: 1_699_999_999,
    cpu_seconds: 0.5,
    memory_bytes: 30_000_000,
    configuration: { loaded: 1_699_999_999, good: true },
    disks: [{ directory: 'log_dir', free_bytes: 7, size_bytes: 9, low: true }],
  },
  programs: [program],
  // 3 answers of 2xx: 1 ms, 2 ms, 100 ms; their sum is 103 ms.
  sites: [siteOf('hello', { 0: 3, 6: 3, 14: 1, 15: 1, 20: 1, 28: 103 }), siteOf(null, { 0: 1, 8: 1 })],
};

function linesOf(text: string, start: string): string[] {
  return text.split('\n').filter(line => line.startsWith(start));
}

test('the plain text has help, type and values', () => {
  const text = expose(sample, 'text');
  assert.deepEqual(text.split('\n').slice(0, 3), [
    '# HELP hostd_build_info The version of hostd that runs.',
    '# TYPE hostd_build_info gauge',
    'hostd_build_info{version="0.2.0"} 1',
  ]);
  const cpu = 'hostd_program_cpu_seconds_total';
  assert.ok(text.includes(`# TYPE ${cpu} counter\n${cpu}{program="hello",group="hello",app="hello"} 1.25\n`));
  assert.deepEqual(linesOf(text, 'hostd_site_requests_total{site="hello",code="2xx"}'), [
    'hostd_site_requests_total{site="hello",code="2xx"} 3',
  ]);
  assert.deepEqual(linesOf(text, 'hostd_unrouted_requests_total{code="4xx"}'), [
    'hostd_unrouted_requests_total{code="4xx"} 1',
  ]);
  assert.deepEqual(linesOf(text, 'hostd_filesystem'), [
    'hostd_filesystem_avail_bytes{directory="log_dir"} 7',
    'hostd_filesystem_size_bytes{directory="log_dir"} 9',
    'hostd_filesystem_low{directory="log_dir"} 1',
  ]);
  assert.ok(!text.includes('# EOF'));
  assert.ok(text.endsWith('\n'));
  assert.ok(!text.includes('certificate'), 'what nobody has is left out');
});

test('OpenMetrics names a counter without its ending, says units, and has an end', () => {
  const text = expose(sample, 'openmetrics');
  const cpu = 'hostd_program_cpu_seconds';
  assert.ok(text.includes(`# TYPE ${cpu} counter\n# UNIT ${cpu} seconds\n# HELP ${cpu} `));
  assert.ok(text.includes('# TYPE hostd_build info\n'));
  assert.ok(text.includes('hostd_build_info{version="0.2.0"} 1\n'));
  assert.ok(text.endsWith('\n# EOF\n'));
});

test('a histogram counts upwards, in seconds', () => {
  const name = 'hostd_site_request_duration_seconds';
  const found = linesOf(expose(sample, 'text'), name).map(line => line.replace(`${name}_`, ''));
  assert.deepEqual(found, [
    'bucket{site="hello",le="0.001"} 1',
    'bucket{site="hello",le="0.002"} 2',
    'bucket{site="hello",le="0.005"} 2',
    'bucket{site="hello",le="0.01"} 2',
    'bucket{site="hello",le="0.025"} 2',
    'bucket{site="hello",le="0.05"} 2',
    'bucket{site="hello",le="0.1"} 3',
    'bucket{site="hello",le="0.25"} 3',
    'bucket{site="hello",le="0.5"} 3',
    'bucket{site="hello",le="1.0"} 3',
    'bucket{site="hello",le="2.5"} 3',
    'bucket{site="hello",le="5.0"} 3',
    'bucket{site="hello",le="10.0"} 3',
    'bucket{site="hello",le="+Inf"} 3',
    'sum{site="hello"} 0.103',
    'count{site="hello"} 3',
  ]);
});

test('whatever a name has in it, a line stays a line', () => {
  const odd = { ...program, name: 'a"b\\c\nd', app: null };
  const text = expose({ ...sample, programs: [odd], sites: [] }, 'openmetrics');
  const [line] = linesOf(text, 'hostd_program_up{');
  assert.equal(line, String.raw`hostd_program_up{program="a\"b\\c\nd",group="hello"} 1`);
});

test('each family is there once, and what is not known is left out', () => {
  const down = { ...program, state: 'STOPPED', statecode: 0, started: null, cpu_seconds: null } as const;
  const text = expose({ ...sample, programs: [{ ...down, memory_bytes: null }, program] }, 'text');
  const names = linesOf(text, '# TYPE').map(line => line.split(' ')[2]);
  assert.equal(new Set(names).size, names.length);
  assert.equal(linesOf(text, 'hostd_program_memory_bytes').length, 1);
  assert.equal(linesOf(text, 'hostd_program_up').length, 2);
});
