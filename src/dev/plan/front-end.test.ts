import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontEndCommand, portArguments } from './front-end.ts';

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
