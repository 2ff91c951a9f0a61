import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native, type User } from '../native/index.ts';
import { checkUser } from './accounts.ts';
import type { Site } from './site.ts';

const nobody = 4_000_000;
const user: User = {
  name: 'hello',
  uid: nobody,
  gid: nobody,
  home: '/webapps/hello',
  shell: '/usr/sbin/nologin',
  groups: [nobody],
};

/** The message about an existing account; null: it may be used. */
function said(found: Partial<User>, chosen: boolean, operators: string | null = null): string | null {
  const site = {
    order: { user: 'hello', root: '/webapps/hello', userIsChosen: chosen },
    proxyUser: 'daemon',
    place: { settings: { control: { group: operators } } },
  } as unknown as Site;
  try {
    checkUser(site, { ...user, ...found });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

test('an account that is there is used when it is the app’s by its home, or was chosen', () => {
  assert.equal(said({}, false), null);
  assert.equal(said({ home: '/home/somebody' }, true), null);
  assert.match(
    said({ home: '/home/somebody' }, false) ?? '',
    /it is there already, with the home \/home\/somebody/,
  );
});

test('an account of root’s, of the operators’ or of the proxy’s is never used, not even when it was chosen', () => {
  const proxy = native.user('daemon') ?? assert.fail();
  const operators = native.group('adm')?.gid ?? assert.fail();
  for (const [found, why] of [
    [{ uid: 0 }, /it is root/],
    [{ groups: [nobody, 0] }, /root's group/],
    [{ uid: proxy.uid }, /it is the proxy's/],
    [{ groups: [nobody, proxy.gid] }, /it is the proxy's/],
    [{ groups: [nobody, operators] }, /its members may operate hostd/],
  ] as const)
    assert.match(said({ ...found }, true, 'adm') ?? '', why);
});
