// The same programs under the genuine supervisord and under hostd, side by side, each with a socket for Supervisor's clients.

import { spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { testAccounts } from '../harness/accounts.ts';
import { type Hostd, startHostd } from '../harness/hostd.ts';
import { makePlace, type Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';
import { until } from '../harness/until.ts';
import { connects } from './raw.ts';

export const supervisord = findProgram('supervisord');
export const needsSupervisor =
  supervisord === undefined ? 'needs Supervisor: apt-get install supervisor' : false;

/** Supervisor's keys of programs by name; "DIR" in a value is the scene's own directory on either side. */
export type Programs = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

export interface Side {
  readonly name: 'supervisord' | 'hostd';
  /** Path of its socket. */
  readonly socket: string;
  /** Where its logs are. */
  readonly dir: string;
  /** Writes other programs into its configuration. */
  write(programs: Programs, groups?: Programs): void;
}

export interface Scene {
  readonly place: Place;
  readonly genuine: Side;
  readonly ours: Side;
  readonly hostd: Hostd;
}

export async function startScene(t: TestContext, programs: Programs, groups: Programs = {}): Promise<Scene> {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const side = (name: Side['name']) => {
    const dir = place.directory(name);
    if (process.getuid?.() === 0) chownSync(dir, a.uid, a.gid);
    return { name, dir, socket: `${dir}/s.sock` };
  };
  const withUser = (table: Programs) =>
    Object.fromEntries(
      Object.entries(table).map(([name, keys]) => [
        name,
        process.getuid?.() === 0 ? { user: a.name, ...keys } : keys,
      ]),
    );
  const genuine: Side = {
    ...side('supervisord'),
    write: (table, gathered = {}) =>
      void place.write('supervisord/supervisord.conf', confText(withUser(table), gathered, genuine.dir)),
  };
  const ours: Side = {
    ...side('hostd'),
    write: (table, gathered = {}) =>
      void place.write('etc/apps.d/programs.toml', tomlOf(withUser(table), gathered, ours.dir)),
  };
  genuine.write(programs, groups);
  const child = spawn(supervisord ?? '', ['-n', '-c', `${genuine.dir}/supervisord.conf`], {
    env: { PATH: process.env['PATH'], HOME: place.dir, TZ: 'UTC', ...place.env },
    stdio: 'ignore',
    cwd: genuine.dir,
  });
  place.after(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await new Promise(resolve => child.on('exit', resolve));
  });
  const hostd = await startHostd(place, {
    config: {
      hostd: { log_dir: ours.dir },
      proxy: { enabled: false },
      supervisor: { socket: ours.socket },
    },
    files: { 'programs.toml': tomlOf(withUser(programs), groups, ours.dir) },
    env: { TZ: 'UTC' },
  });
  for (const { socket, name } of [genuine, ours]) await until(`${name} to listen`, () => connects(socket));
  return { place, genuine, ours, hostd };
}

function confText(programs: Programs, groups: Programs, dir: string): string {
  const section = (kind: string) => (entry: [string, Programs[string]]) =>
    `[${kind}:${entry[0]}]\n${Object.entries(entry[1])
      .map(([key, value]) => `${key}=${String(value).replaceAll('DIR', dir)}\n`)
      .join('')}`;
  return [
    `[supervisord]\nlogfile=${dir}/main.log\npidfile=${dir}/pid\n`,
    `[unix_http_server]\nfile=${dir}/s.sock\n`,
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
