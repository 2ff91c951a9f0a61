// Where the demo is, and which users its sites run as: for root /srv/hostd-demo and the users hello and goodbye, for any other user
// .demo/ in the checkout and that user alone. Keeps the machine's own secrets. Touches nothing outside.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { native } from '../src/native/index.ts';
import type { SiteName } from './django-site.ts';
import { type Account, must, run } from './run.ts';

export const checkout = join(import.meta.dirname, '..');
export const siteNames: readonly SiteName[] = ['hello', 'goodbye'];
export const isRoot = process.getuid?.() === 0;

/** What the demo keeps from one run to the next. */
export interface Memory {
  readonly password: string;
  readonly secretKeys: Readonly<Record<SiteName, string>>;
  /** Users that the demo has made. */
  readonly made: readonly string[];
  /** Digest of the code that each site was last prepared with. */
  readonly prepared: Readonly<Partial<Record<SiteName, string>>>;
}

export interface DemoPlace {
  readonly dir: string;
  readonly root: (name: SiteName) => string;
}

/** @throws Error when the directory is another user's, or too deep for a unix socket's path. */
export function openPlace(asked: string | undefined): DemoPlace {
  const dir = asked ?? (isRoot ? '/srv/hostd-demo' : `${checkout}/.demo`);
  const root = (name: SiteName) => `${dir}/webapps/${name}_django`;
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(memoryFile(dir))) {
    throw new Error(
      `cannot use "${dir}": it is not empty and not the demo's\n  try: npm run demo -- --dir DIR`,
    );
  }
  // sun_path has 108 bytes, with its closing NUL (unix(7)).
  if (Buffer.byteLength(`${root('goodbye')}/run/gunicorn.sock`) > 107) {
    throw new Error(
      `cannot use "${dir}": too long for a unix socket\n  try: npm run demo -- --dir /tmp/hostd-demo`,
    );
  }
  mkdirSync(`${dir}/webapps`, { recursive: true, mode: 0o755 });
  mkdirSync(`${dir}/etc/apps.d`, { recursive: true, mode: 0o755 });
  return { dir, root };
}

export function recall({ dir }: DemoPlace): Memory {
  if (existsSync(memoryFile(dir))) return JSON.parse(readFileSync(memoryFile(dir), 'utf8')) as Memory;
  const secret = () => randomBytes(32).toString('base64url');
  const password = randomBytes(9).toString('base64url');
  return { password, secretKeys: { hello: secret(), goodbye: secret() }, made: [], prepared: {} };
}

export function remember({ dir }: DemoPlace, memory: Memory): void {
  writeFileSync(memoryFile(dir), `${JSON.stringify(memory, null, 2)}\n`, { mode: 0o600 });
}

function memoryFile(dir: string): string {
  return `${dir}/etc/demo.json`;
}

/** The sites' users, which are made if missing; and those of them that were made now. */
export async function siteAccounts({ root }: DemoPlace): Promise<[Record<SiteName, Account>, string[]]> {
  if (!isRoot) {
    const { username: name, uid, gid } = userInfo();
    return [{ hello: { name, uid, gid }, goodbye: { name, uid, gid } }, []];
  }
  const made: string[] = [];
  if (native.group('webapps') === null)
    await must('make the group "webapps"', ['groupadd', '--system', 'webapps']);
  for (const name of siteNames) {
    if (native.user(name) !== null) continue;
    const options = ['--system', '--gid', 'webapps', '--home-dir', root(name), '--no-create-home'];
    await must(`make the user "${name}"`, ['useradd', ...options, '--shell', '/usr/sbin/nologin', name]);
    made.push(name);
  }
  return [{ hello: accountOf('hello'), goodbye: accountOf('goodbye') }, made];
}

/** The user of the proxy's workers. */
export function proxyAccount(): Account {
  if (!isRoot) return { name: userInfo().username, uid: userInfo().uid, gid: userInfo().gid };
  return accountOf(native.user('www-data') === null ? 'nobody' : 'www-data');
}

export function accountOf(name: string): Account {
  const user = native.user(name);
  if (user === null) throw new Error(`cannot find the user "${name}"`);
  return { name, uid: user.uid, gid: user.gid };
}

/** Removes the directory and the users that the demo has made. The group stays, since others may use it. */
export async function removePlace(place: DemoPlace, memory: Memory): Promise<void> {
  for (const name of memory.made) await must(`remove the user "${name}"`, ['userdel', name]);
  await must(`remove "${place.dir}"`, ['rm', '-rf', place.dir]);
}

/** A digest of a project's files, so that an unchanged one need not be prepared again. */
export async function digestOf(name: SiteName): Promise<string> {
  const tar = [
    'tar',
    '-C',
    `${checkout}/demo`,
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
  ] as const;
  const packed = await run([...tar, '--exclude=__pycache__', '-cf', '-', name]);
  return createHash('sha256').update(packed.bytes).digest('hex');
}

/** $PORT if it is free, else the first free one from 8000 on. */
export async function choosePort(): Promise<number> {
  const asked = process.env['PORT'];
  if (asked !== undefined) {
    if (await isFree(Number(asked))) return Number(asked);
    throw new Error(`cannot listen on 127.0.0.1:${asked}\n  try: PORT=8001 npm run demo`);
  }
  for (let port = 8000; port < 8100; port++) if (await isFree(port)) return port;
  throw new Error('cannot find a free port from 8000 to 8099\n  try: PORT=9000 npm run demo');
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
