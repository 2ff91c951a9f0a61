import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confinementText, refusalOf } from './refusal.ts';

test('what confines the worker besides modes is told in words, where something does', () => {
  assert.equal(
    confinementText('hostd-proxy (enforce)'),
    '; AppArmor confines hostd-proxy by its profile "hostd-proxy": journalctl -k -g apparmor shows what it denied',
  );
  assert.equal(
    confinementText('system_u:system_r:httpd_t:s0'),
    '; SELinux runs hostd-proxy as system_u:system_r:httpd_t:s0: ausearch -m avc -ts recent shows what it denied',
  );
  for (const label of [
    '',
    'unconfined',
    'hostd-proxy (complain)',
    'kernel',
    'unconfined_u:unconfined_r:unconfined_t:s0',
  ])
    assert.equal(confinementText(label), null, label);
});

test('an errno that has nothing to do with rights is said as it is', () => {
  assert.equal(refusalOf('open', '/srv/caf\xc3\xa9', 'EMFILE'), 'cannot open "/srv/café": EMFILE');
});
