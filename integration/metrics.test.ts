// Metrics, judged by Prometheus' own tools, and scraped by a real Prometheus; and hostd-metrics, which serves them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { type Answer, type Ask, ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import type { JournalEvent } from '../src/protocol/journal.ts';
import { isRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';

const [prometheus, promtool] = ['prometheus', 'promtool'].map(findProgram);
const needsPromtool = promtool === undefined ? 'needs promtool: apt-get install prometheus' : false;
const needsPrometheus = prometheus === undefined ? 'needs Prometheus: apt-get install prometheus' : false;

interface Served {
  readonly place: Place;
  readonly hostd: Hostd;
  /** The app's host name. */
  readonly host: string;
  readonly port: number;
  scrape(path?: string, rest?: Partial<Ask>): Promise<Answer>;
}

/** One hostd that serves metrics. */
async function serve(t: TestContext): Promise<Served> {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const port = await freePort();
  const hostd = await startHostd(place, {
    apps: [app],
    config: { metrics: { listen: `127.0.0.1:${port}` } },
  });
  await hostd.state('tiny', 'RUNNING');
  const scrape = (path = '/metrics', rest = {}) => ask({ to: { port }, host: 'evil.test', path, ...rest });
  await until(
    'metrics',
    () =>
      scrape().then(
        ({ status }) => status === 200,
        () => false,
      ),
    { every: 50 },
  );
  return { place, hostd, host: app.host, port, scrape };
}

/** The pid of the hostd-metrics that this hostd has started. */
async function pidIn(hostd: Hostd, not = 0): Promise<number> {
  return await until('hostd-metrics', () => {
    const all = [...hostd.output().matchAll(/spawned: 'hostd-metrics' with pid (\d+)/g)];
    const pid = Number(all.at(-1)?.[1] ?? 0);
    return pid !== not && pid;
  });
}

test('metrics, as others see them', async t => {
  const served = await serve(t);
  await served.hostd.get(served.host, '/status?c=404');
  await t.test('promtool finds nothing to say of them', { skip: needsPromtool }, () => judge(served));
  await t.test('a real Prometheus scrapes them', { skip: needsPrometheus }, () => scrapeForReal(served));
  await t.test('the page names each of them, and the dashboard and the alerts ask for no other', () =>
    compare(served),
  );
});

async function judge({ hostd, port, scrape }: Served): Promise<void> {
  for (const to of [{ port }, { socketPath: hostd.socket }]) {
    const answer = await ask({ to, host: 'anything', path: '/metrics' });
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const checked = await run([promtool ?? '', 'check', 'metrics'], { input: answer.text, timeout: 120_000 });
    assert.deepEqual([checked.code, checked.stdout, checked.stderr], [0, '', '']);
    assert.match(answer.text, /^hostd_program_up\{program="tiny",group="tiny",app="tiny"\} 1$/m);
  }
  const accept = 'application/openmetrics-text; version=1.0.0';
  assert.match((await scrape('/metrics', { headers: { accept } })).text, /\n# EOF\n$/);
}

async function scrapeForReal({ place, port }: Served): Promise<void> {
  const own = await freePort();
  const config = place.write(
    'prometheus.yml',
    `scrape_configs:\n- job_name: hostd\n  scrape_interval: 1s\n  static_configs: [{ targets: ["127.0.0.1:${port}"] }]\n`,
  );
  const options = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${place.directory('data')}`,
    `--web.listen-address=127.0.0.1:${own}`,
  ];
  const child = spawn(prometheus ?? '', options, { env: { ...process.env, ...place.env }, stdio: 'ignore' });
  try {
    const series = async (text: string): Promise<readonly Series[]> => {
      const path = `/api/v1/query?query=${encodeURIComponent(text)}`;
      const answer = await ask({ to: { port: own }, host: 'x', path }).catch(() => null);
      assert.notEqual(answer?.status, 400, `${text}: ${answer?.text}`);
      return answer?.status === 200 ? JSON.parse(answer.text).data.result : [];
    };
    const query = async (text: string): Promise<number | null> => {
      const value = (await series(text))[0]?.value[1];
      return value === undefined ? null : Number(value);
    };
    await until('a scrape', async () => (await query('up{job="hostd"}')) === 1, { every: 200 });
    const wanted: readonly (readonly [string, number])[] = [
      ['hostd_program_state{program="tiny"}', 20],
      ['hostd_site_requests_total{site="tiny",code="4xx"}', 1],
      ['hostd_site_request_duration_seconds_bucket{site="tiny",le="+Inf"}', 1],
      ['hostd_program_memory_bytes{program="tiny"} > bool 1e6', 1],
      ['hostd_build_info', 1],
    ];
    // A query may come between the scrape and its being there.
    for (const [text, value] of wanted)
      await until(text, async () => (await query(text)) === value, { every: 200 });
    for (const { expression, label } of dashboardQueries())
      await until(
        `the dashboard's ${expression}`,
        async () => (await series(expression)).some(({ metric }) => label === null || label in metric),
        { every: 200 },
      );
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, text: string];
}

/** What the dashboard asks Prometheus for, as Grafana fills it in; but for certificates, since the site has none. `label`: that it lists. */
function dashboardQueries(): readonly { readonly expression: string; readonly label: string | null }[] {
  const { panels, templating } = JSON.parse(readFileSync(`${checkout}/etc/grafana-hostd.json`, 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
    templating: { list: { definition?: string }[] };
  };
  const filled = (text: string) =>
    text.replaceAll(/\$(?:instance|site)\b/g, '.*').replaceAll('$__rate_interval', '1m');
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const lists = templating.list.flatMap(({ definition }) => {
    const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
    return metric === '' ? [] : [{ expression: filled(metric), label }];
  });
  assert.ok(asked.length > 10 && lists.length > 1);
  const queries = asked.filter(text => !text.includes('certificate'));
  return [...queries.map(text => ({ expression: filled(text), label: null })), ...lists];
}

async function compare({ scrape }: Served): Promise<void> {
  const { text } = await scrape();
  const page = readFileSync(`${checkout}/docs/metrics.md`, 'utf8');
  const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
  const shown = new Set([...page.matchAll(/`(hostd_\w+)`/g)].map(([, name = '']) => name));
  assert.deepEqual(
    [...told].filter(name => !shown.has(name)),
    [],
  );
  for (const file of ['grafana-hostd.json', 'prometheus-rules.yml'])
    for (const [name] of readFileSync(`${checkout}/etc/${file}`, 'utf8').matchAll(/\bhostd_\w+/g))
      assert.ok(shown.has(name) || shown.has(name.replace(/_(?:bucket|sum|count)$/, '')), `${file}: ${name}`);
}

test('hostd-metrics has no rights, serves nothing else, and comes again', async t => {
  const { place, hostd, port, scrape } = await serve(t);
  const get = (path: string, method = 'GET') => scrape(path, { method });
  assert.equal((await get('/')).status, 404);
  assert.equal((await get('/v1/status')).status, 404);
  assert.equal((await get('/metrics', 'POST')).status, 405);
  assert.equal((await get('/metrics', 'HEAD')).text, '');

  // Who says nothing, or too much, keeps nobody out.
  const silent = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1'));
  const long = net.connect(port, '127.0.0.1');
  const refused = new Promise<string>(resolve => {
    let text = '';
    long
      .on('data', chunk => (text += chunk))
      .on('error', () => {})
      .on('close', () => resolve(text));
  });
  long.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  assert.match(await refused, /^HTTP\/1\.1 431 |^$/);
  const many = await Promise.all(Array.from({ length: 12 }, () => get('/metrics')));
  assert.ok(many.every(({ status }) => status === 200));
  for (const socket of silent) socket.destroy();
  // Nor does who keeps as many connections as there may be.
  const kept = Array.from({ length: 40 }, () => net.connect(port, '127.0.0.1'));
  for (const socket of kept) socket.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(
    'room for another',
    () =>
      get('/metrics').then(
        ({ status }) => status === 200,
        () => false,
      ),
    { every: 50 },
  );
  for (const socket of kept) socket.destroy();

  const pid = await pidIn(hostd);
  if (isRoot) assert.notEqual(statSync(`/proc/${pid}`).uid, 0);
  process.kill(pid, 'SIGKILL');
  await pidIn(hostd, pid);
  await until(
    'metrics again',
    () =>
      get('/metrics').then(
        ({ status }) => status === 200,
        () => false,
      ),
    { every: 50 },
  );
  const { stdout } = await hostd.hostctl('events', '--json');
  const events: JournalEvent[] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.ok(events.some(({ kind }) => kind === 'metrics-restart'));

  // Without its table nothing listens any more, and with a path a unix socket does.
  const text = readFileSync(hostd.config, 'utf8');
  writeFileSync(hostd.config, text.replace(/\[metrics\]\n[^[]*/, ''));
  assert.equal((await hostd.hostctl('update')).code, 0);
  await assert.rejects(get('/metrics'));
  const path = `${place.dir}/run/metrics.sock`;
  writeFileSync(hostd.config, text.replace(`"127.0.0.1:${port}"`, `"${path}"`));
  assert.equal((await hostd.hostctl('update')).code, 0);
  await until(
    'the unix socket',
    async () => (await ask({ to: { socketPath: path }, host: 'x', path: '/metrics' })).status === 200,
  );
});

test('the alerts are what they say', { skip: needsPromtool }, async t => {
  const place = makePlace(t);
  const rules = `${checkout}/etc/prometheus-rules.yml`;
  const cases = readFileSync(`${checkout}/integration/metrics/rules-test.yml`, 'utf8').replace(
    'RULES',
    rules,
  );
  const file = place.write('rules-test.yml', cases);
  for (const command of [
    ['check', 'rules', rules],
    ['test', 'rules', file],
  ]) {
    const judged = await run([promtool ?? '', ...command], { timeout: 120_000 });
    assert.equal(judged.code, 0, judged.stdout + judged.stderr);
  }
});
