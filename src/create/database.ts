// The steps "role" and "database": PostgreSQL, reached by its unix socket as its own system user. No password is made or sent:
// the kernel tells PostgreSQL who connects (peer authentication).

import { HostdError } from '../errors.ts';
import { noteMade } from './noted.ts';
import type { Database } from './order.ts';
import { postgresqlUser } from './order.ts';
import { sqlName, sqlText } from './quote.ts';
import { type Command, failed, type Run } from './run.ts';
import { accountOf, asApp, made, type Outcome, type Site, there } from './site.ts';

export type Server = Pick<Database, 'socketDirectory' | 'port'>;

const psql = ['psql', '-X', '-w', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'];

function environmentOf({ socketDirectory, port }: Server): Record<string, string> {
  return { PGHOST: socketDirectory, PGPORT: port, PGCONNECT_TIMEOUT: '10' };
}

/** Runs SQL as PostgreSQL's superuser. Returns its output. */
async function ask(
  run: Run,
  server: Server,
  doing: string,
  sql: string,
  database = 'postgres',
): Promise<string> {
  const command: Command = {
    argv: [...psql, '-d', database],
    as: accountOf(postgresqlUser),
    env: environmentOf(server),
    input: `${sql}\n`,
  };
  const ran = await run(command);
  if (ran.code === 0) return ran.stdout.trim();
  const isDown = /connection to server .* failed|No such file or directory/.test(ran.stderr);
  throw failed(
    doing,
    command,
    ran,
    isDown ? 'systemctl start postgresql, or PGHOST=DIR of its socket' : undefined,
  );
}

/** Before anything is made: whether PostgreSQL is there, and whether role and database are free or the app's own. @throws HostdError */
export async function checkDatabase(run: Run, database: Database): Promise<void> {
  const hint = 'apt-get install postgresql, or: --database sqlite';
  let ran: { code: number };
  try {
    accountOf(postgresqlUser);
    ran = await run({ argv: ['psql', '--version'] });
  } catch {
    throw new HostdError('failed', `cannot find PostgreSQL: there is no user "${postgresqlUser}"`, { hint });
  }
  if (ran.code !== 0) throw new HostdError('failed', 'cannot find psql', { hint });
  const version = await ask(run, database, 'reach PostgreSQL', 'SHOW server_version_num;');
  if (Number(version) < 100000)
    throw new HostdError('failed', `cannot use PostgreSQL ${version}: older than 10`);
  await hasRole(run, database);
  await hasDatabase(run, database);
}

export async function makeRole(site: Site): Promise<Outcome> {
  const { run, order } = site;
  const { database } = order;
  if (database === null) return there;
  const { role } = database;
  if (await hasRole(run, database)) {
    checkOwn(site, role);
    return there;
  }
  const forget = noteMade(site, 'role');
  site.onUndo({
    what: `drop the role "${role}"`,
    async action() {
      await dropRole(run, database, role);
      forget();
    },
  });
  await ask(run, database, `make the role "${role}"`, `CREATE ROLE ${sqlName(role)} LOGIN;`);
  return made();
}

/** Whether the role exists. @throws HostdError for a role that may do more than an app should, or that cannot log in */
async function hasRole(run: Run, database: Database): Promise<boolean> {
  const { role } = database;
  const sql = `SELECT rolcanlogin, rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = ${sqlText(role)};`;
  const found = await ask(run, database, `look for the role "${role}"`, sql);
  if (found === '' || found === 't|f') return found !== '';
  throw new HostdError(
    'conflict',
    `cannot use the PostgreSQL role "${role}": it may ${found.endsWith('t') ? 'do more than an app should' : 'not log in'}`,
    { hint: '--user U, another user, and so another role' },
  );
}

/** Whether the database exists. @throws HostdError for a database with another owner */
async function hasDatabase(run: Run, database: Database): Promise<boolean> {
  const { role, name } = database;
  const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = ${sqlText(name)};`;
  const found = await ask(run, database, `look for the database "${name}"`, owner);
  if (found === '' || found === role) return found !== '';
  throw new HostdError('conflict', `cannot use the PostgreSQL database "${name}": it belongs to "${found}"`, {
    hint: 'another name for the app',
  });
}

/** A role is refused that is older than the system user of its name: it was made for something else. */
function checkOwn({ journal }: Site, role: string): void {
  const made = journal.read()?.made ?? [];
  if (!made.includes('user') || made.includes('role')) return;
  throw new HostdError(
    'conflict',
    `cannot use the PostgreSQL role "${role}": it was there before the user "${role}"`,
    { hint: '--user U, another user, and so another role' },
  );
}

export async function makeDatabase(site: Site): Promise<Outcome> {
  const { run, order } = site;
  const { database } = order;
  if (database === null) return there;
  const { role, name } = database;
  const isThere = await hasDatabase(run, database);
  if (!isThere) {
    const forget = noteMade(site, 'database');
    site.onUndo({
      what: `drop the database "${name}"`,
      async action() {
        await dropDatabase(run, database, name);
        forget();
      },
    });
    const create = `CREATE DATABASE ${sqlName(name)} OWNER ${sqlName(role)} ENCODING 'UTF8' TEMPLATE template0;`;
    await ask(run, database, `make the database "${name}"`, create);
    // Otherwise every other app could connect to it.
    const close = `REVOKE ALL ON DATABASE ${sqlName(name)} FROM PUBLIC;`;
    await ask(run, database, `close the database "${name}" to others`, close);
  }
  await checkLogin(site, database);
  return isThere ? there : made();
}

/** Connects as the app's user, which proves that peer authentication works. */
async function checkLogin(site: Site, database: Database): Promise<void> {
  const command = asApp(site, [...psql, '-d', database.name, '-c', 'SELECT current_user'], {
    env: { ...environmentOf(database), PGUSER: database.role, PGPASSFILE: '/dev/null' },
  });
  const ran = await site.run(command);
  if (ran.code === 0 && ran.stdout.trim() === database.role) return;
  const hint = '"local all all peer" in pg_hba.conf, then: systemctl reload postgresql';
  throw failed(
    `log in to "${database.name}" as "${database.role}" by peer authentication`,
    command,
    ran,
    hint,
  );
}

export async function dropDatabase(run: Run, server: Server, name: string): Promise<void> {
  const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${sqlText(name)};`;
  await ask(run, server, `end the connections to "${name}"`, others);
  await ask(run, server, `drop the database "${name}"`, `DROP DATABASE IF EXISTS ${sqlName(name)};`);
}

export async function dropRole(run: Run, server: Server, role: string): Promise<void> {
  await ask(run, server, `drop the role "${role}"`, `DROP ROLE IF EXISTS ${sqlName(role)};`);
}
