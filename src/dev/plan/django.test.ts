import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findFolders, readDjango, settingsIn } from './django.ts';

function tree(t: { after(f: () => void): void }, files: Record<string, string>): string {
  const root = mkdtempSync('/tmp/hostd-dev-test-');
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('manage.py says which settings it means, in either way of writing it', () => {
  assert.equal(
    settingsIn(`    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hello.settings")`),
    'hello.settings',
  );
  assert.equal(settingsIn(`os.environ['DJANGO_SETTINGS_MODULE'] = 'a.b.c'`), 'a.b.c');
  assert.equal(settingsIn(`# os.environ.setdefault("DJANGO_SETTINGS_MODULE", "old.settings")`), null);
  assert.equal(settingsIn('print(1)'), null);
});

test('the modules with the application are found beside the settings or above them', t => {
  const manage = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")';
  const root = tree(t, {
    'manage.py': manage,
    'config/wsgi.py': '',
    'config/asgi.py': '',
    'config/settings/dev.py': '',
  });
  assert.deepEqual(readDjango(root), {
    directory: root,
    settings: 'config.settings.dev',
    wsgi: 'config.wsgi',
    asgi: 'config.asgi',
  });
});

test('projects are found in the folder or a little below it, never in a virtualenv or node_modules', t => {
  const root = tree(t, {
    'hello/manage.py': '',
    'goodbye/src/manage.py': '',
    'node_modules/x/manage.py': '',
    'tools/pyvenv.cfg': '',
    'tools/lib/manage.py': '',
    'a/b/c/manage.py': '',
  });
  assert.deepEqual(findFolders(root, 'manage.py'), [`${root}/goodbye/src`, `${root}/hello`]);
});
