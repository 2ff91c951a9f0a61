// What pip is to install for code of one's own: the file of --requirements, else the code's requirements.txt, else the dependencies
// that its pyproject.toml names. Only the app's user reads what the code says.

import { readFileSync } from 'node:fs';
import { HostdError, messageOf } from '../errors.ts';
import { requirementsFile } from './layout.ts';
import { removeTree } from './remove-tree.ts';
import { must } from './run.ts';
import { asApp, type Site } from './site.ts';

/** Words for pip, beside Django and gunicorn. @throws HostdError when the code says it in a way that pip does not read */
export async function chooseRequirements(site: Site): Promise<readonly string[]> {
  const { order, run } = site;
  if (order.requirements !== null) return ['-r', await copyRequirements(site, order.requirements)];
  if (order.code.kind === 'django') return [];
  const isThere = async (file: string) => (await run(asApp(site, ['test', '-f', file]))).code === 0;
  const directories = [...new Set([site.found.project, order.project])];
  for (const directory of directories)
    if (await isThere(`${directory}/requirements.txt`)) return ['-r', `${directory}/requirements.txt`];
  for (const directory of directories)
    if (await isThere(`${directory}/pyproject.toml`))
      return await dependencies(site, `${directory}/pyproject.toml`);
  return [];
}

/** Prints what pyproject.toml says: the list of [project] dependencies, null where it has none, or "poetry". */
const reader = `import json, sys
try:
    import tomllib
except ImportError:
    from pip._vendor import tomli as tomllib
with open(sys.argv[1], "rb") as file:
    table = tomllib.load(file)
own = table.get("project", {}).get("dependencies")
poetry = table.get("tool", {}).get("poetry", {}).get("dependencies")
print(json.dumps(own if own is not None or poetry is None else "poetry"))
`;

async function dependencies(site: Site, file: string): Promise<readonly string[]> {
  const python = `${site.order.root}/bin/python`;
  const stdout = await must(
    site.run,
    `read "${file}"`,
    asApp(site, [python, '-c', reader, file]),
    '--requirements FILE',
  );
  if (stdout.trim() === '"poetry"')
    throw new HostdError(
      'failed',
      `cannot read the packages in "${file}": Poetry has its own words for them`,
      {
        hint: 'poetry export -o requirements.txt (of the package poetry-plugin-export), then --requirements requirements.txt',
      },
    );
  return dependenciesIn(stdout);
}

/** The requirements (PEP 508) in the reader's words. An option of pip's is none. Pure. */
export function dependenciesIn(text: string): readonly string[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.filter((one): one is string => typeof one === 'string' && /^[A-Za-z0-9]/.test(one));
}

/** Copied to where the app's user can read it. */
async function copyRequirements(site: Site, file: string): Promise<string> {
  const { order, run } = site;
  const text = readRequirements(file);
  const copy = requirementsFile(order);
  const there = await run(asApp(site, ['cat', copy]));
  if (there.code === 0 && there.stdout === text) return copy;
  if (there.code === 0)
    site.onUndoBelow({
      what: `write ${copy} back`,
      action: async () => void (await run(asApp(site, ['tee', copy], { input: there.stdout }))),
    });
  else
    site.onUndoBelow({
      what: `remove ${copy}`,
      action: () => void removeTree(order.root, ['requirements.txt']),
    });
  // A line may name an index with a password.
  await must(run, `write ${copy}`, asApp(site, ['tee', copy], { input: text, umask: '077' }));
  return copy;
}

function readRequirements(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HostdError('failed', `cannot read "${file}": ${messageOf(cause)}`, {
      hint: '--requirements FILE',
      cause,
    });
  }
}
