// The commented samples in etc/ mean what they say.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultSettings } from '../model/assemble.ts';
import { bareMachine, richMachine, tryFiles } from './fixture.test.ts';

const sample = (name: string) => readFileSync(new URL(`../../etc/${name}`, import.meta.url), 'utf8');
const files = Object.fromEntries(
  ['hostd.toml', 'apps.d/hello.toml', 'apps.d/goodbye.toml'].map(name => [name, sample(name)]),
);

test('the samples have no problem where their accounts and virtualenvs exist', () => {
  const { said, host } = tryFiles(files);
  assert.deepEqual(said, []);
  assert.deepEqual(
    host.programs.map(({ name, user, unixGroup }) => [name, user, unixGroup]),
    [
      ['goodbye', 'goodbye', 'webapps'],
      ['hello', 'hello', 'webapps'],
    ],
  );
});

test('on a new machine the samples lack accounts and virtualenvs, nothing else', () => {
  const { problems } = tryFiles(files, { machine: bareMachine });
  const expected = /^app "(hello|goodbye)": (user|group|virtualenv) "[^"]+" does not exist$/;
  assert.equal(problems.length, 6);
  for (const { message } of problems) assert.match(message, expected);
});

test('the values in the sample hostd.toml are the defaults', () => {
  const { settings } = tryFiles(files).host;
  assert.deepEqual(settings, defaultSettings(settings.file));
});

test('what the sample of hello says in comments is what follows from its root', () => {
  const said = [...sample('apps.d/hello.toml').matchAll(/^# {3}(\w+) *= "(.*)"$/gm)].map(([, key, value]) => [
    key,
    value,
  ]);
  const app = tryFiles(files).host.apps.find(({ name }) => name === 'hello') ?? assert.fail();
  assert.deepEqual(said, [
    ['name', app.processName],
    ['socket', app.socket],
    ['static', app.static],
    ['media', app.media],
    ['logs', app.logs],
    ['client_max_body_size', `${app.clientMaxBodySize / 1024 ** 3}G`],
  ]);
});

test('what is commented out in the sample of hello is right when it is not', () => {
  const keys = '[A-Z_]+|command|certificate|certificate_key|redirect_https|redirect_from|error_pages';
  const text = sample('apps.d/hello.toml').replace(new RegExp(`^# (?=\\[|(?:${keys}) += )`, 'gm'), '');
  const kind = (path: string) => (path.endsWith('.pem') ? 'file' : 'directory');
  const { said, host } = tryFiles(
    { ...files, 'apps.d/hello.toml': text },
    { machine: { ...richMachine, kind } },
  );
  assert.deepEqual(said, []);
  const [site] = host.sites.filter(({ name }) => name === 'hello');
  assert.ok(site?.certificate && site.redirectHttps && site.redirectFrom.length === 1 && site.errorPages);
  const celery = host.programs.find(({ name }) => name === 'hello:celery') ?? assert.fail();
  assert.equal(celery.environment['DATABASE_URL'], 'postgres:///hello');
});

test('what is commented out in the sample hostd.toml is right when it is not', () => {
  const text = sample('hostd.toml').replace(/^# (?=\[|[a-z_]+ += )/gm, '');
  const { said, host } = tryFiles({ ...files, 'hostd.toml': text });
  assert.deepEqual(said, []);
  const { acmeWebroot, trustedProxies, defaultSite, accessLogFormat, errorPages } = host.settings.proxy;
  assert.deepEqual(
    [acmeWebroot, trustedProxies, defaultSite, accessLogFormat, errorPages],
    ['/var/lib/letsencrypt/', ['10.0.0.0/8'], 'hello', 'json', '/etc/hostd/pages/'],
  );
  const [listener] = host.settings.supervisor;
  assert.deepEqual(listener?.address, { path: '/run/supervisor.sock', rights: null });
});

test('the tables of the page about frameworks are right as they stand', () => {
  const text = readFileSync(new URL('../../docs/frameworks.md', import.meta.url), 'utf8');
  const tables = [...text.matchAll(/^```toml\n(.*?)^```/gms)].map(([, table]) => table ?? '');
  const apps = Object.fromEntries(tables.map((table, index) => [`apps.d/${index}.toml`, table]));
  const { said, host } = tryFiles({ 'hostd.toml': sample('hostd.toml'), ...apps });
  assert.deepEqual(said, []);
  assert.deepEqual(
    host.programs.map(({ name }) => name),
    ['api', 'cel', 'cel:beat', 'cel:worker', 'chat', 'shop'],
  );
});
