import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontEndCommand, isServer, portArguments } from './front-end.ts';

test('Vite is told its port as an argument, and other servers by PORT', () => {
  const vite = { manager: 'npm', portArguments: portArguments('vite --open') };
  assert.deepEqual(frontEndCommand(vite, 4000), [
    'npm',
    'run',
    'dev',
    '--',
    '--host',
    '127.0.0.1',
    '--port',
    '4000',
    '--strictPort',
  ]);
  assert.deepEqual(frontEndCommand({ ...vite, manager: 'yarn' }, 4000).slice(0, 4), [
    'yarn',
    'run',
    'dev',
    '--host',
  ]);
  assert.deepEqual(frontEndCommand({ ...vite, portArguments: portArguments('next dev') }, 4000), [
    'npm',
    'run',
    'dev',
  ]);
  assert.deepEqual(portArguments('invite-server'), []);
});

test('a script that serves gets a site, and one that only builds runs beside the project', () => {
  for (const script of ['vite', 'next dev', 'node server.js', 'ng serve --open', 'webpack serve'])
    assert.equal(isServer({ script }), true, script);
  for (const script of [
    'tailwindcss -i a.css -o b.css --watch',
    'npx tailwind --watch --content "node_modules/**"',
    'node node_modules/.bin/tailwindcss --watch',
    'webpack --watch',
    'sass --watch a:b',
  ])
    assert.equal(isServer({ script }), false, script);
});
