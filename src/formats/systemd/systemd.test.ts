import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';

const unit = (toml: string, name: string, plain = false) =>
  textsOf(hostOf(toml), 'systemd', plain)[`/etc/systemd/system/${name}`] ?? '';

test("an app's socket is held by a unit of its own, for the proxy's group alone", () => {
  const toml = '[proxy]\nuser = "nginx"\n[app.hello]\nroot = "/w"\n';
  assert.match(
    unit(toml, 'hello.socket'),
    /ListenStream=\/w\/run\/gunicorn\.sock\nBacklog=2048\nSocketUser=root\nSocketGroup=nginx\nSocketMode=0660/,
  );
  const service = unit(toml, 'hello.service');
  assert.match(service, /Requires=hello\.socket/);
  assert.match(
    service,
    /ExecStart=\/w\/bin\/gunicorn hello\.wsgi:application --name hello_app --workers 3$/m,
  );
  assert.doesNotMatch(service, /--bind/);
});

test('a program is started again as its table says', () => {
  const program = (keys: string) => unit(`[program.a]\ncommand = "/bin/a"\n${keys}`, 'a.service');
  assert.match(program(''), /^Restart=always\nRestartSec=1\nRestartPreventExitStatus=0$/m);
  assert.match(program(''), /^StartLimitBurst=4\nStartLimitIntervalSec=12$/m);
  assert.match(program('autorestart = false\n'), /^Restart=no$/m);
  assert.match(program('exitcodes = [0, 2]\n'), /^RestartPreventExitStatus=0 2$/m);
  assert.doesNotMatch(program('autorestart = true\n'), /RestartPrevent/);
  assert.doesNotMatch(program('autostart = false\n'), /WantedBy/);
});

test('units are hardened where the program has a user of its own, and not with --plain', () => {
  const toml = '[program.a]\ncommand = "/bin/a"\nuser = "nobody"\n[program.b]\ncommand = "/bin/b"\n';
  assert.match(unit(toml, 'a.service'), /^ProtectSystem=full$/m);
  assert.doesNotMatch(unit(toml, 'a.service', true), /ProtectSystem/);
  assert.doesNotMatch(unit(toml, 'b.service'), /ProtectSystem/);
});

test('lower priorities start first', () => {
  const toml = '[program.a]\ncommand = "/bin/a"\npriority = 1\n[program.b]\ncommand = "/bin/b"\n';
  assert.match(unit(toml, 'b.service'), /^After=network\.target a\.service$/m);
});

test('names with a colon become unit names, each its own', () => {
  const toml =
    '[group.a]\nprograms = ["b"]\n[program.b]\ncommand = "/bin/b"\n[program.a-b]\ncommand = "/bin/c"\n';
  assert.deepEqual(Object.keys(textsOf(hostOf(toml), 'systemd', true)).sort(), [
    '/etc/systemd/system/a-b-2.service',
    '/etc/systemd/system/a-b.service',
  ]);
});

test('what systemd cannot say is told', () => {
  const toml = '[app.hello]\nroot = "/w"\nhealth = "/up"\nstartsecs = 5\n';
  const found = warningsOf(hostOf(toml), 'systemd').join('\n');
  for (const words of [/puts no log aside/, /asks no URL/, /does not wait/]) assert.match(found, words);
});
