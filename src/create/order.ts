// What is to be created, complete and checked: from the words of the command line, and from the app's table where the
// configuration has one. Pure.

import { HostdError } from '../errors.ts';
import { localName, makeApp } from '../model/app.ts';
import type { App } from '../model/host.ts';
import {
  accountName,
  appName,
  type CodeSource,
  codeSource,
  hostNames,
  isModulePath,
  moduleName,
  pythonName,
  rootPath,
} from './names.ts';

/** The words, as typed. */
export interface Asked {
  readonly name: string;
  readonly host?: string | undefined;
  readonly root?: string | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly django?: boolean | undefined;
  readonly from?: string | undefined;
  readonly requirements?: string | undefined;
  readonly database?: string | undefined;
  readonly settings?: string | undefined;
  readonly python?: string | undefined;
}

export interface Database {
  readonly kind: 'sqlite' | 'postgresql';
  /** The directory of PostgreSQL's unix socket, and its port, which is part of the socket's name. */
  readonly socketDirectory: string;
  readonly port: string;
  /** The role has the system user's name, since peer authentication compares the two. */
  readonly role: string;
  readonly name: string;
}

export interface Order {
  readonly name: string;
  readonly root: string;
  readonly user: string;
  /** Whether the operator has named the user. Another user that happens to have the app's name is not used. */
  readonly userIsChosen: boolean;
  readonly group: string;
  readonly project: string;
  readonly settings: string;
  readonly wsgi: string;
  readonly hosts: readonly string[];
  readonly code: CodeSource | { readonly kind: 'django'; readonly module: string };
  readonly requirements: string | null;
  readonly database: Database | null;
  /** The settings module that the operator has named for an existing project. */
  readonly askedSettings: string | null;
  /** The Python for the virtualenv: a path, or a name in PATH; null: python3. */
  readonly python: string | null;
  /** The app's present table; null: create writes it. */
  readonly existing: App | null;
}

const defaultGroup = 'webapps';
export const postgresqlUser = 'postgres';

/** @throws HostdError 'usage' for a name that cannot be used, 'conflict' where the table has another value. */
export function readOrder(
  asked: Asked,
  existing: App | null,
  env: Readonly<Record<string, string | undefined>>,
): Order {
  const name = appName(asked.name);
  const root = rootPath(agreed('root', asked.root, existing?.root) ?? `/webapps/${name}_django`);
  const user = agreed('user', asked.user, existing?.user);
  const group = agreed('group', asked.group, existing?.group ?? undefined) ?? defaultGroup;
  const hosts = asked.host === undefined ? (existing?.serverNames ?? []) : hostNames(asked.host);
  if (asked.host !== undefined && existing !== null && hosts.join() !== existing.serverNames.join())
    throw differs('host', hosts.join(), existing.serverNames.join());
  const account = accountName('user', user ?? name);
  const code = codeOf(asked, name, existing);
  const askedSettings = agreed('settings', asked.settings, existing?.settings) ?? null;
  if (askedSettings !== null && !isModulePath(askedSettings))
    throw new HostdError('usage', `cannot use the settings "${askedSettings}": a module is meant`, {
      hint: '--settings hello.settings.production',
    });
  if (asked.settings !== undefined && code.kind === 'django')
    throw new HostdError('usage', 'cannot use --settings with a new project', { hint: '--from DIR' });
  const module = code.kind === 'django' ? code.module : name.replace(/[-.]/g, '_');
  const { project, settings, wsgi } =
    existing ??
    makeApp({
      name,
      root,
      source: { file: '', key: [] },
      project: `${root}/${module}`,
      settings: `${module}.settings`,
      wsgi: `${module}.wsgi`,
    });
  if (!project.startsWith(`${root}/`))
    throw new HostdError('usage', `cannot create the project "${project}": it is not below "${root}"`);
  return {
    name,
    root,
    user: account,
    userIsChosen: user !== undefined,
    group: accountName('group', group),
    project: rootedPath(project, root),
    settings,
    wsgi,
    hosts,
    code,
    requirements: asked.requirements ?? null,
    database: databaseOf(asked, code.kind === 'django', account, name, env),
    askedSettings: asked.settings === undefined ? null : askedSettings,
    python: asked.python === undefined ? null : pythonName(asked.python),
    existing,
  };
}

/** Every name of the app, as Django's ALLOWED_HOSTS has it: ".hello.test" is "*.hello.test". */
export function allowedHosts({ name, hosts }: Order): readonly string[] {
  return [...new Set([...hosts, localName(name)])].map(host => host.replace(/^\*\./, '.'));
}

function codeOf(asked: Asked, name: string, existing: App | null): Order['code'] {
  if (asked.django === true && asked.from !== undefined)
    throw new HostdError('usage', 'cannot both make a new project (--django) and take one (--from)');
  if (asked.from !== undefined) return codeSource(asked.from);
  if (existing === null) return { kind: 'django', module: moduleName(name) };
  const [module = '', rest] = existing.settings.split('.', 2);
  if (rest === 'settings' && existing.wsgi.startsWith(`${module}.wsgi`))
    return { kind: 'django', module: moduleName(module) };
  const hint = '--from GIT-OR-DIR';
  throw new HostdError('usage', `cannot make a new project with settings = "${existing.settings}"`, { hint });
}

function databaseOf(
  asked: Asked,
  isNew: boolean,
  role: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Database | null {
  const kind = asked.database ?? (isNew ? 'sqlite' : undefined);
  if (kind === undefined) return null;
  if (kind !== 'sqlite' && kind !== 'postgresql')
    throw new HostdError('usage', `cannot use the database "${kind}"`, {
      hint: '--database postgresql, or: --database sqlite',
    });
  const { PGHOST: socketDirectory = '/var/run/postgresql', PGPORT: port = '5432' } = env;
  if (kind === 'postgresql' && !/^(\/[\w.+-]+)+$/.test(socketDirectory))
    throw new HostdError(
      'usage',
      `cannot use PGHOST="${socketDirectory}": peer authentication needs a unix socket`,
      {
        hint: 'PGHOST=/var/run/postgresql',
      },
    );
  if (!/^\d{1,5}$/.test(port))
    throw new HostdError('usage', `cannot use PGPORT="${port}"`, { hint: 'PGPORT=5432' });
  if (kind === 'postgresql' && /^(postgres$|pg_)/.test(role))
    throw new HostdError('usage', `cannot use the user "${role}": that role is PostgreSQL's own`, {
      hint: '--user hello',
    });
  return { kind, socketDirectory, port, role, name: name.toLowerCase().replace(/[-.]/g, '_') };
}

/** The value from the command line, or else the table's. Both must agree. */
function agreed(key: string, asked: string | undefined, existing: string | undefined): string | undefined {
  if (asked === undefined || existing === undefined) return asked ?? existing;
  const tidy = key === 'root' ? asked.replace(/\/$/, '') : asked;
  if (tidy !== existing) throw differs(key, asked, existing);
  return existing;
}

function differs(key: string, asked: string, existing: string): HostdError {
  return new HostdError('conflict', `cannot use --${key} ${asked}: the configuration says "${existing}"`, {
    hint: `leave --${key} out, or change the file`,
  });
}

function rootedPath(path: string, root: string): string {
  if (/^[A-Za-z0-9._+/-]+$/.test(path) && !path.split('/').some(part => part === '..')) return path;
  throw new HostdError('usage', `cannot use the project directory "${path}"`, { hint: `${root}/hello` });
}
