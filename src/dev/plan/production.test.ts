import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunicornHere } from './production.ts';

const app = { processName: 'hello', threads: null, workerClass: null, gunicornArgs: [] };

test('gunicorn on a laptop has threads, and keeps connections open as the class that it then has does', () => {
  const here = (workerClass: string | null, threads: number | null) => {
    const { options, keepalive } = gunicornHere({ ...app, workerClass, threads });
    return [options.slice(2).join(' '), keepalive];
  };
  assert.deepEqual(here(null, null), ['--threads 4', true]);
  assert.deepEqual(here('sync', null), ['--threads 4 --worker-class sync', true]);
  assert.deepEqual(here('sync', 1), ['--threads 1 --worker-class sync', false]);
  assert.deepEqual(here(null, 1), ['--threads 1', false]);
  assert.deepEqual(here('gthread', 2), ['--threads 2 --worker-class gthread', true]);
  const asgi = 'uvicorn_worker.UvicornWorker';
  assert.deepEqual(here(asgi, null), [`--worker-class ${asgi}`, true]);
});
