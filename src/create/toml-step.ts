// The step "toml": the app's table in apps.d/, which only root can write. An existing table stays.

import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { load } from '../config/load.ts';
import { HostdError } from '../errors.ts';
import { formatProblem } from '../model/problem.ts';
import { appToml } from './app-toml.ts';
import { made, type Outcome, type Site, there } from './site.ts';

/** A table with SECRET_KEY in it is for root only. Any other table has no secret in it. */
const modes = { secret: 0o600, open: 0o644 } as const;

export function writeToml(site: Site): Outcome {
  const { order, place, found } = site;
  if (order.existing !== null) {
    check(site);
    return { ...there, said: `there already, in ${order.existing.source.file}` };
  }
  const { tomlFile } = place;
  makeConfiguration(site);
  const text = appToml({ ...order, ...found, health: site.health, env: site.env });
  const isSecret = Object.hasOwn(site.env, 'SECRET_KEY');
  site.onUndo({
    what: `remove ${tomlFile}`,
    async action() {
      rmSync(tomlFile, { force: true });
      await site.untell?.();
    },
  });
  const fresh = `${tomlFile}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { flag: 'wx', mode: isSecret ? modes.secret : modes.open });
  renameSync(fresh, tomlFile);
  site.tomlIsMade = true;
  check(site);
  return made(`written to ${tomlFile}`);
}

/** An empty hostd.toml means the defaults. */
function makeConfiguration(site: Site): void {
  const { file, tomlFile } = site.place;
  for (const directory of [dirname(file), dirname(tomlFile)]) {
    const first = mkdirSync(directory, { recursive: true, mode: 0o755 });
    if (first === undefined) continue;
    site.onUndo({ what: `remove ${directory}`, action: () => removeUpTo(directory, first) });
  }
  if (existsSync(file)) return;
  site.onUndo({ what: `remove ${file}`, action: () => rmSync(file, { force: true }) });
  writeFileSync(file, '# Empty: the defaults hold.\n', { flag: 'wx', mode: 0o644 });
}

function removeUpTo(directory: string, first: string): void {
  for (let path = directory; path.startsWith(first); path = dirname(path)) rmdirSync(path);
}

/** hostd leaves an app with errors as it was, so create must fail here. */
function check({ order, place }: Site): void {
  const { problems } = load(place.file);
  const wrong = problems.find(({ severity, subject }) => severity === 'error' && subject === order.name);
  if (wrong === undefined) return;
  const { hint = 'hostctl check', ...problem } = wrong;
  throw new HostdError('config', formatProblem(problem), { hint });
}
