// The commands for each step of an order (--dry-run): those of the well-known article. Pure.

import { appToml } from './app-toml.ts';
import { addedSettings } from './django-settings.ts';
import {
  codeEnvironment,
  directories,
  projectMode,
  projectTop,
  requirementsFile,
  rootMode,
  secretFile,
} from './layout.ts';
import { allowedHosts, type Order, postgresqlUser } from './order.ts';
import { shellWord, shellWords, sqlName } from './quote.ts';

import { type StepKind, stepsOf, titleOf } from './steps.ts';

/** All steps as text for a shell, each below a comment that says what it makes. */
export function shellScript(order: Order, tomlFile: string, configFile: string | null = null): string {
  const steps = stepsOf(order).map(kind => `# ${titleOf(kind, order)}\n${shellOf(kind, order, tomlFile)}\n`);
  return `${steps.join('\n')}\n# start\nsudo hostctl ${configFile === null ? '' : `-c ${shellWord(configFile)} `}update\n`;
}

/** The commands of one step. `tomlFile`: the place of the app's table. */
function shellOf(kind: StepKind, order: Order, tomlFile: string): string {
  const { root, user, group, database } = order;
  const as = (...words: readonly string[]) => `sudo -u ${shellWords([user, ...words])}`;
  switch (kind) {
    case 'group':
      return `sudo groupadd --system ${shellWord(group)}`;
    case 'user':
      return `sudo useradd --system --gid ${shellWord(group)} --home ${shellWord(root)} --shell /usr/sbin/nologin ${shellWord(user)}`;
    case 'root':
      return `sudo install -d -o ${shellWord(user)} -g ${shellWord(group)} -m ${octal(rootMode)} ${shellWord(root)}`;
    case 'directories':
      return directories
        .map(({ name, mode }) => as('install', '-d', '-m', octal(mode), `${root}/${name}`))
        .join('\n');
    case 'virtualenv':
      return as(order.python ?? 'python3', '-m', 'venv', root);
    case 'code':
      return codeShell(order);
    case 'packages':
      return packagesShell(order);
    case 'driver':
      return as(`${root}/bin/pip`, 'install', 'psycopg[binary]');
    case 'secret':
      return as(
        'sh',
        '-c',
        `umask 077; head -c 48 /dev/urandom | base64 -w0 | tr +/ -_ >${secretFile(order)}`,
      );
    case 'settings':
      return `# DEBUG must be off, and DATABASES what was asked for: create looks, and writes ${order.project}/hostd_settings.py where the project does not read its environment`;
    case 'project':
      return projectShell(order);
    case 'role':
      return `sudo -u ${postgresqlUser} createuser ${shellWord(database?.role ?? '')}`;
    case 'database':
      return databaseShell(database?.name ?? '', database?.role ?? '');
    case 'migrate':
      return manageShell(order, 'migrate', '--noinput');
    case 'static':
      return manageShell(order, 'collectstatic', '--noinput');
    case 'health':
      return '# a path that answers with 200, for health = "/..." in the table';
    case 'toml':
      return order.existing === null
        ? tomlShell(order, tomlFile)
        : `# [app.${order.name}] stands in ${order.existing.source.file} already`;
  }
}

function codeShell(order: Order): string {
  const { code, root, user } = order;
  const target = `${root}/${projectTop(order)}`;
  const make = `sudo -u ${shellWords([user, 'install', '-d', '-m', octal(projectMode), target])}`;
  if (code.kind === 'git')
    return `${make}\nsudo -u ${shellWords([user, 'git', 'clone', '--', code.url, target])}`;
  const from = code.kind === 'directory' ? code.path : '';
  return `${make}\nsudo tar -C ${shellWord(from)} -cf - . | sudo -u ${shellWords([user, 'tar', '-C', target, '--no-same-owner', '-xf', '-'])}`;
}

function packagesShell(order: Order): string {
  const { root, user, requirements } = order;
  const install = ['install', 'Django', 'gunicorn'];
  const pip = (...words: readonly string[]) => `sudo -u ${shellWords([user, `${root}/bin/pip`, ...words])}`;
  if (requirements === null) return pip(...install);
  const write = shellWords([user, 'sh', '-c', 'umask 077 && cat >"$1"', 'sh', requirementsFile(order)]);
  const copy = `sudo cat ${shellWord(requirements)} | sudo -u ${write}`;
  return `${copy}\n${pip(...install, '-r', requirementsFile(order))}`;
}

function projectShell(order: Order): string {
  const { root, user, project, code } = order;
  const module = code.kind === 'django' ? code.module : '';
  return [
    `sudo -u ${shellWords([user, 'install', '-d', '-m', octal(projectMode), project])}`,
    `sudo -u ${shellWords([user, `${root}/bin/django-admin`, 'startproject', module, project])}`,
    `sudo -u ${shellWords([user, 'tee', '-a', `${project}/${module}/settings.py`])} >/dev/null <<'END'${addedSettings(order)}END`,
  ].join('\n');
}

function databaseShell(name: string, role: string): string {
  const sudo = `sudo -u ${postgresqlUser}`;
  return [
    `${sudo} createdb --owner ${shellWord(role)} --encoding UTF8 --template template0 ${shellWord(name)}`,
    `${sudo} psql -d ${shellWord(name)} -c ${shellWord(`REVOKE ALL ON DATABASE ${sqlName(name)} FROM PUBLIC`)}`,
  ].join('\n');
}

function manageShell(order: Order, ...words: readonly string[]): string {
  const { code, root, user, project } = order;
  const python = [`${root}/bin/python`, `${project}/manage.py`, ...words];
  if (code.kind === 'django') return `sudo -u ${shellWords([user, ...python])}`;
  const { SECRET_KEY: _, ...env } = codeEnvironment(order, allowedHosts(order), '');
  const pairs = Object.entries(env).map(([name, value]) => shellWord(`${name}=${value}`));
  const secret = `SECRET_KEY="$(sudo cat ${shellWord(secretFile(order))})"`;
  return `sudo -u ${shellWord(user)} env ${secret} ${pairs.join(' ')} ${shellWords(python)}`;
}

function tomlShell(order: Order, file: string): string {
  const { code } = order;
  const secret = `the text in ${secretFile(order)}`;
  const env = code.kind === 'django' ? {} : codeEnvironment(order, allowedHosts(order), secret);
  return `sudo tee ${shellWord(file)} >/dev/null <<'END'\n${appToml({ ...order, health: code.kind === 'django' ? '/admin/login/' : null, env })}END`;
}

function octal(mode: number): string {
  return mode.toString(8);
}
