import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachesNoIndex } from './packages.ts';

const pip = (stderr: string) => ({ stdout: '', stderr });

test('no network, and no index, are told from a package that does not exist', () => {
  const broken = `WARNING: Retrying (Retry(total=1, ...)) after connection broken by 'NewConnectionError(...)': /simple/django/
ERROR: Could not find a version that satisfies the requirement Django (from versions: none)
ERROR: No matching distribution found for Django`;
  assert.ok(reachesNoIndex(pip(broken)));
  assert.ok(reachesNoIndex(pip('ERROR: No matching distribution found for gunicorn')));
  assert.ok(!reachesNoIndex(pip('ERROR: No matching distribution found for gunicorn-nonsense')));
  assert.ok(!reachesNoIndex(pip('ERROR: No matching distribution found for no-such-package==1.0')));
  assert.ok(!reachesNoIndex(pip('error: subprocess-exited-with-error')));
});
