// The classic set-up of two apps, as published: its files are written exactly so, and reading them gives the apps again.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostOf, textsOf } from './cases.test.ts';
import { formatNamed } from './formats.ts';
import { importDrafts } from './import/import.ts';

const read = (name: string) => readFileSync(new URL(`cases/article/${name}`, import.meta.url), 'utf8');
const host = hostOf(`${read('hello.toml')}\n${read('goodbye.toml')}`);
const around = { include: () => [], environment: {}, machineName: 'host' };

for (const name of ['hello', 'goodbye']) {
  test(`${name}'s Supervisor configuration is the published one, comments and columns included`, () => {
    assert.equal(
      textsOf(host, 'supervisor', true)[`/etc/supervisor/conf.d/${name}.conf`],
      read(`${name}.conf`),
    );
  });

  test(`${name}'s virtual host is the published one, and enabled by a link`, () => {
    const texts = textsOf(host, 'nginx', true);
    assert.equal(texts[`/etc/nginx/sites-available/${name}`], read(`${name}.nginx`));
    assert.equal(texts[`/etc/nginx/sites-enabled/${name}`], `-> ../sites-available/${name}`);
  });

  test(`${name}'s start script sets the published variables, in their order and with their comments`, () => {
    const script = textsOf(host, 'gunicorn-start', true)[`/webapps/${name}_django/bin/gunicorn_start`] ?? '';
    assert.ok(script.includes(`\n${read(`${name}.variables`)}\n`), script);
    for (const line of ['--bind=unix:$SOCKFILE', '--user=$USER --group=$GROUP', '--workers $NUM_WORKERS'])
      assert.ok(script.includes(`  ${line} \\\n`), line);
  });

  for (const plain of [true, false])
    test(`${name}'s three ${plain ? 'plain' : 'hardened'} files become one table again, which says the same`, () => {
      const drafts = ['supervisor', 'gunicorn-start', 'nginx'].flatMap(format => {
        const texts = Object.entries(textsOf(host, format, plain));
        const sources = texts
          .filter(([file, text]) => file.includes(name) && !text.startsWith('->'))
          .map(([file, text]) => ({ file, text }));
        const result = formatNamed(format)?.read?.(sources, around);
        assert.deepEqual(result?.problems, []);
        return result?.drafts ?? [];
      });
      const { files, problems } = importDrafts(drafts);
      assert.deepEqual([files.map(file => file.name), problems], [[name], []]);
      const again = hostOf(files[0]?.text ?? '');
      for (const format of ['supervisor', 'gunicorn-start', 'nginx'])
        for (const [path, text] of Object.entries(textsOf(again, format, plain)))
          assert.equal(text, textsOf(host, format, plain)[path], path);
    });
}

test('the published files are imported with the meaning that Supervisor gives them', () => {
  const script = textsOf(host, 'gunicorn-start', true)['/webapps/hello_django/bin/gunicorn_start'] ?? '';
  const drafts = [
    ...(formatNamed('supervisor')?.read?.([{ file: 'hello.conf', text: read('hello.conf') }], around)
      .drafts ?? []),
    ...(formatNamed('nginx')?.read?.([{ file: 'hello', text: read('hello.nginx') }], around).drafts ?? []),
    ...(formatNamed('gunicorn-start')?.read?.([{ file: 'gunicorn_start', text: script }], around).drafts ??
      []),
  ];
  assert.equal(
    importDrafts(drafts).files[0]?.text,
    `# From hello.conf:1, gunicorn_start:26, hello:5.
# autorestart, startretries, stopwaitsecs: as Supervisor had it; without them hostd starts an app again for ever.
[app.hello]
root         = "/webapps/hello_django"
user         = "hello"
group        = "webapps"
project      = "/webapps/hello_django/hello"
settings     = "hello.settings"
wsgi         = "hello.wsgi"
workers      = 3
server_names = ["hello.test"]
autorestart  = "unexpected"
startretries = 3
stopwaitsecs = 10
`,
  );
});
