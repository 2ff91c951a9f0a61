// The same programs under the genuine supervisord and under hostd, side by side, each with a socket for Supervisor's clients.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { freePort } from '../../scripts/free-port.ts';
import { testAccounts } from '../harness/accounts.ts';
import { checkout, startHostd } from '../harness/hostd.ts';
import { makePlace, type Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';
import { until } from '../harness/until.ts';
import { isServed } from './raw.ts';

export const supervisord = findProgram('supervisord');
export const needsSupervisor =
  supervisord === undefined ? 'needs Supervisor: apt-get install supervisor' : false;

/** Supervisor's keys of programs by name; "DIR" in a value is the scene's own directory on either side. */
export type Programs = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

export interface Side {
  readonly name: 'supervisord' | 'hostd';
  /** Path of its socket. */
  readonly socket: string;
  /** Of 127.0.0.1, where it asks for the user "u" with the password "geheim". */
  readonly port: number;
  /** Where its logs are. */
  readonly dir: string;
  /** Writes other programs into its configuration. */
  write(programs: Programs, groups?: Programs): void;
}

export interface Scene {
  readonly place: Place;
  readonly genuine: Side;
  readonly ours: Side;
}

/** What hostd reads: a hostd.toml that says the same, or a supervisord.conf like the other one's. */
export type Form = 'toml' | 'supervisord.conf';

export async function startScene(
  t: TestContext,
  form: Form,
  programs: Programs,
  groups: Programs = {},
): Promise<Scene> {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const sideOf = async (
    name: Side['name'],
    write: (side: Side, table: Programs, groups: Programs) => void,
  ) => {
    const dir = place.directory(name);
    if (process.getuid?.() === 0) chownSync(dir, a.uid, a.gid);
    const user = process.getuid?.() === 0 ? { user: a.name } : {};
    const withUser = (table: Programs) =>
      Object.fromEntries(Object.entries(table).map(([program, keys]) => [program, { ...user, ...keys }]));
    const side: Side = {
      name,
      dir,
      socket: `${dir}/s.sock`,
      port: await freePort(),
      write: (table, gathered = {}) => write(side, withUser(table), gathered),
    };
    side.write(programs, groups);
    return side;
  };
  const writeConf = (side: Side, table: Programs, gathered: Programs) =>
    void place.write(`${side.name}/supervisord.conf`, confText(table, gathered, side));
  const writeToml = ({ dir }: Side, table: Programs, gathered: Programs) =>
    void place.write('etc/apps.d/programs.toml', tomlOf(table, gathered, dir));
  const genuine = await sideOf('supervisord', writeConf);
  const ours = await sideOf('hostd', form === 'toml' ? writeToml : writeConf);
  startForeground(place, genuine, [supervisord ?? '']);
  if (form === 'toml')
    await startHostd(place, {
      config: {
        hostd: { log_dir: ours.dir },
        proxy: { enabled: false },
        supervisor: { socket: ours.socket },
      },
      env: { TZ: 'UTC' },
    });
  else startForeground(place, ours, [`${checkout}/bin/hostd`, 'supervisord']);
  for (const { socket, name } of [genuine, ours]) await until(`${name} to listen`, () => isServed(socket));
  return { place, genuine, ours };
}

function startForeground(place: Place, { dir }: Side, [file = '', ...args]: readonly string[]): void {
  // A pipe, as a container has it; what Node calls one is a socket. It is read, since a full one would stop supervisord.
  execFileSync('mkfifo', [`${dir}/stdout`]);
  const reader = new Socket({
    fd: openSync(`${dir}/stdout`, constants.O_RDONLY | constants.O_NONBLOCK),
    writable: false,
  });
  reader.resume();
  const stdout = openSync(`${dir}/stdout`, 'w');
  const child = spawn(file, [...args, '-n', '-c', `${dir}/supervisord.conf`], {
    env: { PATH: process.env['PATH'], HOME: place.dir, TZ: 'UTC', ...place.env },
    stdio: ['ignore', stdout, 'ignore'],
    cwd: dir,
  });
  closeSync(stdout);
  place.after(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null)
      await new Promise(resolve => child.on('exit', resolve));
  });
}

function confText(programs: Programs, groups: Programs, { dir, port }: Side): string {
  const section = (kind: string) => (entry: [string, Programs[string]]) =>
    `[${kind}:${entry[0]}]\n${Object.entries(entry[1])
      .map(([key, value]) => `${key}=${String(value).replaceAll('DIR', dir)}\n`)
      .join('')}`;
  return [
    `[supervisord]\nlogfile=${dir}/main.log\npidfile=${dir}/pid\n`,
    `[unix_http_server]\nfile=${dir}/s.sock\n`,
    `[inet_http_server]\nport=127.0.0.1:${port}\nusername=u\npassword={SHA}${sha1('geheim')}\n`,
    '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n',
    ...Object.entries(programs).map(section('program')),
    ...Object.entries(groups).map(section('group')),
  ].join('\n');
}

function tomlOf(programs: Programs, groups: Programs, dir: string): string {
  const table = (kind: string) => (entry: [string, Programs[string]]) =>
    `[${kind}.${entry[0]}]\n${Object.entries(entry[1])
      .map(([key, value]) => `${key} = ${tomlValue(key, value, dir)}\n`)
      .join('')}`;
  return [
    ...Object.entries(programs).map(table('program')),
    ...Object.entries(groups).map(table('group')),
  ].join('\n');
}

function tomlValue(key: string, value: string | number | boolean, dir: string): string {
  if (key === 'programs') return JSON.stringify(String(value).split(','));
  return typeof value === 'string' ? JSON.stringify(value.replaceAll('DIR', dir)) : String(value);
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
