// A PostgreSQL cluster of a test's own: in its place, run by the user postgres, on a private unix socket, by peer
// authentication alone. The machine's own clusters are not touched.

import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, globSync, readFileSync } from 'node:fs';
import { must, type Ran, run } from '../../scripts/run.ts';
import { native } from '../../src/native/index.ts';
import type { Place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

export interface Cluster {
  /** PGHOST and PGPORT. */
  readonly env: Readonly<Record<string, string>>;
  /** As its superuser; what was printed, without headings. */
  sql(text: string, database?: string): Promise<string>;
  /** As any account, by peer authentication. */
  sqlAs(account: { uid: number; gid: number }, role: string, database: string, text: string): Promise<Ran>;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

const programs = globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1);

/** For node:test's `skip`. */
export const needsPostgresql: string | false =
  programs !== undefined && native.user('postgres') !== null
    ? false
    : 'needs PostgreSQL: apt-get install postgresql';

export async function startCluster(place: Place): Promise<Cluster> {
  const user = native.user('postgres');
  if (user === null || programs === undefined) throw new Error('cannot find PostgreSQL');
  const as = { name: user.name, uid: user.uid, gid: user.gid };
  const data = `${place.directory('pg')}/data`;
  const socket = place.directory('pg/socket');
  for (const directory of [`${place.dir}/pg`, socket]) chownSync(directory, as.uid, as.gid);
  const env = { ...place.env, PATH: `${programs}:/usr/bin:/bin`, LANG: 'C.UTF-8' };
  const peer = [
    '--auth-local=peer',
    '--auth-host=reject',
    '--encoding=UTF8',
    '--no-sync',
    '--username=postgres',
  ];
  await must('make a cluster', [`${programs}/initdb`, '-D', data, ...peer], { as, env });

  const client = { PGHOST: socket, PGPORT: '5432' };
  const psql = ['/usr/bin/psql', '-X', '-w', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'] as const;
  const ask = (account: typeof as, role: string, database: string, input: string) =>
    run([...psql, '-U', role, '-d', database], { as: account, env: { ...env, ...client }, input });
  let server: ChildProcess;
  const start = async () => {
    const options = ['-c', 'listen_addresses=', '-c', 'fsync=off', '-c', `unix_socket_directories=${socket}`];
    server = spawn(`${programs}/postgres`, ['-D', data, ...options], {
      cwd: '/',
      env,
      uid: as.uid,
      gid: as.gid,
      stdio: 'ignore',
    });
    // Where pg_ctl(1) looks, too: a psql for each look would take longer than the start.
    const isReady = () => /^ready\s*$/m.test(readFileSync(`${data}/postmaster.pid`, 'utf8'));
    await until('PostgreSQL to answer', () => existsSync(`${data}/postmaster.pid`) && isReady());
  };
  // "Fast": it ends its sessions itself (postgres(1), SIGINT).
  const stop = () =>
    new Promise<void>(resolve => {
      if (server.exitCode !== null) return resolve();
      server.on('exit', () => resolve());
      server.kill('SIGINT');
    });
  await start();
  place.after(stop);
  return {
    env: client,
    async sql(text, database = 'postgres') {
      const { code, stdout, stderr } = await ask(as, 'postgres', database, `${text};\n`);
      if (code !== 0) throw new Error(`cannot run ${text}: ${stderr}`);
      return stdout.trim();
    },
    sqlAs: (account, role, database, text) => ask({ name: role, ...account }, role, database, `${text};\n`),
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
  };
}
