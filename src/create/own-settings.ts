// Which settings module of an existing project is for production, and what create adds to it on this machine. Pure.

import { databases, logging } from './django-settings.ts';
import { isModulePath } from './names.ts';
import type { Order } from './order.ts';
import { pythonText } from './quote.ts';

/** What a look at a settings module tells, in the environment that the app will have. */
export interface SettingsFacts {
  readonly debug: boolean;
  /** Whether it has a key of its own, which is not startproject's. */
  readonly secret: boolean;
  /** Whether every host name of the app is allowed. */
  readonly hosts: boolean;
  /** Whether the default database is the ordered one. */
  readonly database: boolean;
  readonly staticRoot: boolean;
  readonly mediaRoot: boolean;
  readonly logging: boolean;
  /** The database, for people: 'sqlite "/webapps/hello/data/db.sqlite3"'. */
  readonly shown: string;
  /** Other modules beside it that look like settings. */
  readonly others: readonly string[];
}

/** The facts in the last line of the look's output; null: there are none. */
export function factsIn(text: string): SettingsFacts | null {
  let value: unknown;
  try {
    value = JSON.parse(text.trim().split('\n').at(-1) ?? '');
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const given = value as Readonly<Record<string, unknown>>;
  const is = (name: string) => given[name] === true;
  const { shown, others } = given;
  return {
    debug: is('debug'),
    secret: is('secret'),
    hosts: is('hosts'),
    database: is('database'),
    staticRoot: is('staticRoot'),
    mediaRoot: is('mediaRoot'),
    logging: is('logging'),
    shown: typeof shown === 'string' ? shown.slice(0, 200) : '',
    others: Array.isArray(others)
      ? others.filter((name): name is string => typeof name === 'string' && isModulePath(name))
      : [],
  };
}

/** Names of settings for a laptop, for tests, or for other settings to build on. */
const notForProduction =
  /^(base|common|defaults?|dev|devel|development|local|debug|tests?|testing|ci|staging|stage|docker)$/;
const forProduction = /^(prod|production|live)$/;

/** The last word of a module's name other than "settings": "production" of hello.settings.production. */
function wordOf(module: string): string {
  const last = module.split('.').at(-1) ?? '';
  return last.replace(/^settings_|_settings$/, '');
}

/**
 * For a module of manage.py's in which DEBUG is on: the module for production beside it; else those among which the operator has to
 * choose; empty: there is no other.
 */
export function forProductionAmong(
  others: readonly string[],
): { readonly module: string } | readonly string[] {
  const found = others.filter(module => forProduction.test(wordOf(module)));
  const [module] = found;
  if (module !== undefined && found.length === 1) return { module };
  return others.filter(name => !notForProduction.test(wordOf(name)));
}

/** The module that create writes, beside manage.py. */
export const ownModule = 'hostd_settings';

/** What this module has to set, in words; empty: the project takes everything from its environment. */
export function missingFrom(facts: SettingsFacts): readonly string[] {
  return [
    ...(facts.debug ? ['DEBUG'] : []),
    ...(facts.secret ? [] : ['SECRET_KEY']),
    ...(facts.hosts ? [] : ['ALLOWED_HOSTS']),
    ...(facts.database ? [] : ['DATABASES']),
    ...(facts.staticRoot ? [] : ['STATIC_ROOT']),
    ...(facts.mediaRoot ? [] : ['MEDIA_ROOT']),
  ];
}

/** The module's text: the project's own settings, and what they do not take from the environment. */
export function ownSettings(order: Order, module: string, facts: SettingsFacts): string {
  const parts: readonly (string | null)[] = [
    `# Made by hostctl create: the project's settings, with what they do not take from the environment.
import os

from ${module} import *
`,
    facts.debug ? 'DEBUG = os.environ.get("DEBUG") == "1"' : null,
    facts.secret ? null : 'SECRET_KEY = os.environ["SECRET_KEY"]',
    facts.hosts ? null : 'ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")',
    facts.staticRoot ? null : 'STATIC_ROOT = os.environ["STATIC_ROOT"]',
    facts.mediaRoot ? null : 'MEDIA_ROOT = os.environ["MEDIA_ROOT"]',
    facts.database ? null : databases(order, pythonText(`${order.root}/data/db.sqlite3`)),
    facts.logging ? null : `\n${logging}`,
  ];
  return `${parts.filter(part => part !== null).join('\n')}\n`;
}
