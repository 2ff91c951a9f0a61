// From a command line to all apps: folders, files of production, servers that run elsewhere, the folder of names. Of two apps with one
// name, the first stays, and the second is an error.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAddress, showAddress } from '../../embed/address.ts';
import { HostdError } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';
import { type FolderPlan, planFolder } from './folder.ts';
import { type Named, readNames } from './names-folder.ts';
import { type AppPlan, type PlanContext, plainSite } from './plan.ts';
import { planProduction } from './production.ts';
import { reach } from './reach.ts';
import { isSiteName, siteName } from './site-name.ts';

export interface Asked {
  /** DIR, NAME=DIR or FILE.toml. */
  readonly operands: readonly string[];
  /** NAME=URL. */
  readonly proxies: readonly string[];
  /** The folder of names, or null. */
  readonly names: string | null;
}

export async function gather(asked: Asked, context: PlanContext): Promise<FolderPlan> {
  const errors: HostdError[] = [];
  const found: AppPlan[] = [];
  const take = (plan: FolderPlan): void => {
    errors.push(...plan.errors);
    found.push(...plan.apps);
  };
  for (const text of asked.proxies) {
    try {
      found.push(planProxy(text));
    } catch (error) {
      errors.push(asError(error));
    }
  }
  for (const plan of await Promise.all(asked.operands.map(operand => planOperand(operand, context))))
    take(plan);
  if (asked.names !== null) {
    const { named, errors: wrong } = readNames(asked.names);
    errors.push(...wrong);
    for (const plan of await Promise.all(named.map(name => planNamed(name, context)))) take(plan);
  }
  return { apps: withoutDoubles(found, errors), errors };
}

function asError(error: unknown): HostdError {
  if (error instanceof HostdError) return error;
  throw error;
}

/** NAME=URL, for a server that runs elsewhere. @throws HostdError */
function planProxy(text: string): AppPlan {
  const [, name = '', target = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '' || !isSiteName(name))
    throw new HostdError(
      'usage',
      `cannot use --proxy "${text}": it is not NAME=URL, with a name of lower case letters, digits and "-"`,
      {
        hint: `--proxy ${siteName(name || 'hello')}=http://127.0.0.1:3000`,
      },
    );
  return foreign(name, parseAddress(target, `--proxy ${name}=`));
}

function foreign(name: string, address: Parameters<typeof plainSite>[0]): AppPlan {
  return {
    name,
    what: showAddress(address),
    directory: null,
    web: null,
    others: [],
    site: plainSite(address, false, true),
    lazy: false,
    notes: [],
  };
}

async function planOperand(operand: string, context: PlanContext): Promise<FolderPlan> {
  const [, name = null, path = operand] = existsSync(operand) ? [] : (/^([^=/]+)=(.*)$/.exec(operand) ?? []);
  const fail = (message: string, hint: string): FolderPlan => ({
    apps: [],
    errors: [new HostdError('failed', message, { hint })],
  });
  if (name !== null && !isSiteName(name))
    return fail(`cannot use the name "${name}": it can be no host name`, `${siteName(name)}=${path}`);
  const full = resolve(path);
  const stats = reach(full);
  if (stats === 'closed')
    return fail(
      `cannot look at "${path}": you may not enter a directory above it`,
      `ls -ld ${quoteWord(full)}`,
    );
  if (stats === 'missing')
    return fail(`cannot find "${path}"`, 'hostd dev DIR, or: hostd dev --proxy NAME=URL');
  if (stats.isDirectory()) return planDirectory(full, name, context);
  if (full.endsWith('.toml')) return planProduction(full, context);
  return fail(`cannot use "${path}": it is neither a folder nor a hostd.toml`, 'hostd dev DIR');
}

/** A hostd.toml in the folder is used in place of the folder itself. */
function planDirectory(directory: string, name: string | null, context: PlanContext): Promise<FolderPlan> {
  const file = join(directory, 'hostd.toml');
  return existsSync(file) ? planProduction(file, context) : planFolder(directory, name, context);
}

async function planNamed(named: Named, context: PlanContext): Promise<FolderPlan> {
  if (named.kind === 'server') return { apps: [foreign(named.name, named.address)], errors: [] };
  return planDirectory(named.directory, named.name, { ...context, lazy: true });
}

function withoutDoubles(apps: readonly AppPlan[], errors: HostdError[]): AppPlan[] {
  const kept = new Map<string, AppPlan>();
  for (const app of apps) {
    const other = kept.get(app.name);
    if (other === undefined) kept.set(app.name, app);
    else if (app.directory === null || app.directory !== other.directory)
      errors.push(
        new HostdError(
          'conflict',
          `cannot run "${app.directory ?? app.what}" as "${app.name}": "${other.directory ?? other.what}" has this name`,
          {
            hint:
              app.directory === null
                ? 'choose another name'
                : `hostd dev ${app.name}-2=${quoteWord(app.directory)}`,
          },
        ),
      );
  }
  return [...kept.values()];
}
