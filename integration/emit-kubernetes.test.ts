// What emit writes for Kubernetes, judged by a real API server: the cluster that KUBECONFIG names. It is applied in a namespace of the test's
// own, which is deleted. Its pods have images that are nowhere, so nothing of them runs. Without KUBECONFIG there is
// src/formats/kubernetes/rules.test.ts, which knows what such a server refuses.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { run } from '../scripts/run.ts';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';

const hostctl = join(import.meta.dirname, '..', 'bin', 'hostctl');
const kubectl = findProgram('kubectl');
const skip =
  process.env['KUBECONFIG'] === undefined
    ? 'needs KUBECONFIG: a cluster in which it may make a namespace'
    : kubectl === undefined && 'needs kubectl';

async function ask(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([kubectl ?? '', ...args], { timeout: 120_000 });
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Everything that an app may have. */
const full = `[app.hello]
root = "/w"
server_names = ["hello.test", "*.hello.test"]
certificate = "/c.pem"
certificate_key = "/k.pem"
redirect_https = true
health = "/up?a=b"
health_interval = "30s"
memory_max = "512M"
memory_high = "400M"
cpu_max = "150%"
requires = ["postgresql", "10.0.0.5:6379"]
startsecs = 3
[app.hello.env]
SECRET_KEY = "hunter2"
YES = "yes"
DOLLAR = "$(HOME) $$ %"
[app.hello.program.celery]
command = ["celery", "$(HOME)", "worker"]
[app.hello.program.nightly]
command = "manage.py clearsessions"
schedule = "0 3 * * mon-fri"
timezone = "Europe/Berlin"
time_limit = "2h"
`;

/** Names and values that are good here, and that a server refuses as they are. */
const odd = `[app.9lives]
root = "/w:x"
server_names = ["10.0.0.5", "a_b.test"]
startsecs = 900
stopwaitsecs = 0.5
memory_high = "700M"
[app.9lives.program.wait]
command = "x"
memory_max = "300M"
[app.9lives.program.media]
command = "x"
[app."${'A.very_long'.repeat(7)}"]
root = "/v"
media = "/tmp"
user = "1234"
[app."${'A.very_long'.repeat(7)}".program."${'Another_Name'.repeat(6)}"]
command = "x"
schedule = "*/5 1 1 1 *"
[app."${'A.very_long'.repeat(7)}".program."migrate"]
command = "x"
autostart = false
[app.all-in]
root = "/u"
server_names = ["y.localhost"]
`;

/** The objects of kinds that the server has; of others the test tells. */
async function known(t: TestContext, files: readonly string[]): Promise<string> {
  const served = (await ask('api-resources', '--no-headers'))
    .split('\n')
    .map(line => line.trim().split(/\s+/));
  // Each as it is written: a printer of YAML could mend it.
  const objects = files.flatMap(file => {
    const text = readFileSync(file, 'utf8');
    return parseAllDocuments(text).map(document => ({
      ...(document.toJS() as { readonly apiVersion: string; readonly kind: string }),
      text: text.slice(document.range?.[0], document.range?.[1]).replace(/^---\n/, ''),
    }));
  });
  const isServed = ({ apiVersion, kind }: (typeof objects)[number]) =>
    served.some(words => words.includes(apiVersion) && words.at(-1) === kind);
  for (const { apiVersion, kind } of objects.filter(object => !isServed(object)))
    t.diagnostic(`this server has no ${kind} of ${apiVersion}`);
  return objects
    .filter(isServed)
    .map(({ text }) => text)
    .join('---\n');
}

for (const [title, toml, options] of [
  ['all that an app may have', full, ['--tag', '1', '--autoscale', '2-5', '--registry', 'r.test:5000/x']],
  ['names and bounds that only hostd takes', odd, ['--replicas', '3']],
] as const)
  test(`an API server takes ${title}, and a second time, too`, { skip }, async t => {
    const place = makePlace(t);
    const namespace = `hostd-test-${process.pid}-${place.mark.environment.split('=')[1]?.toLowerCase()}`;
    const config = place.write('hostd.toml', toml);
    const out = place.directory('out');
    const emitted = await run([hostctl, 'emit', 'kubernetes', '--out', out, '-c', config, ...options]);
    assert.equal(emitted.code, 0, emitted.stderr);
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.yaml'))
      .map(name => `${out}/${name}`);
    const objects = place.write('objects.yaml', await known(t, files));
    await ask('create', 'namespace', namespace);
    place.after(async () => void (await ask('delete', 'namespace', namespace, '--wait=false')));
    const apply = ['apply', '--namespace', namespace, '-f', objects];
    await ask(...apply, '--dry-run=server');
    await ask(...apply);
    const again = await ask(...apply);
    // A server that is older than a field drops it, and is told of it again.
    for (const line of again.trim().split('\n')) assert.match(line, / (unchanged|configured)$/);
  });
