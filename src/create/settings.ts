// The step "settings": finds an existing project's settings for production, as the app's user imports them. What they do not take
// from the environment is set in a module of create's own. Nothing is migrated before it is known which database would be.

import { HostdError } from '../errors.ts';
import { readSecret } from './django.ts';
import { codeEnvironment } from './layout.ts';
import { allowedHosts } from './order.ts';
import {
  factsIn,
  forProductionAmong,
  missingFrom,
  ownModule,
  ownSettings,
  type SettingsFacts,
} from './own-settings.ts';
import { removeTree } from './remove-tree.ts';
import { failed, must } from './run.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

const look = `
import importlib, json, os, sys
name, hosts, kind, database, role, root = sys.argv[1:]
module = importlib.import_module(name)
get = lambda key, other=None: getattr(module, key, other)

own = get("DATABASES") or {}
own = own.get("default") or {}
engine, own_name = str(own.get("ENGINE", "")), str(own.get("NAME", ""))
if kind == "postgresql":
    right = any(word in engine for word in ("postgresql", "postgis")) and own_name == database
elif kind == "sqlite":
    right = "sqlite" in engine and own_name == database
else:
    right = True

allowed = [str(host) for host in get("ALLOWED_HOSTS") or []]
def allows(host):
    bare = host.lstrip(".")
    return any(a in ("*", host) or (a.startswith(".") and ("." + bare).endswith(a)) for a in allowed)

def below(key, url, place):
    if str(get(url) or "").strip("/") != place:
        return True
    path = os.path.realpath(str(get(key) or ""))
    target = os.path.realpath(root + "/" + place)
    if path == target or path.startswith(target + "/"):
        return True
    # Files of the project's own stay where they are.
    return key == "MEDIA_ROOT" and bool(get(key)) and os.path.isdir(path) and bool(os.listdir(path))

def others():
    directory, parts = os.path.dirname(os.path.realpath(module.__file__)), name.split(".")
    is_package = os.path.basename(module.__file__) == "__init__.py"
    inside = is_package or os.path.basename(directory) == "settings"
    package = name if is_package else ".".join(parts[:-1])
    for file in sorted(os.listdir(directory)):
        base, kind = os.path.splitext(file)
        if kind == ".py" and base != "__init__" and (inside or "settings" in base):
            found = (package + "." if package else "") + base
            if found != name:
                yield found

key = str(get("SECRET_KEY") or "")
print()
print(json.dumps({
    "debug": bool(get("DEBUG", False)),
    "secret": key != "" and not key.startswith("django-insecure-"),
    "hosts": all(allows(host) for host in hosts.split(",")),
    "database": right,
    "staticRoot": below("STATIC_ROOT", "STATIC_URL", "static"),
    "mediaRoot": below("MEDIA_ROOT", "MEDIA_URL", "media"),
    "logging": bool(get("LOGGING")),
    "shown": (engine.rsplit(".", 1)[-1] + ' "' + own_name + '"') if engine else "",
    "others": list(others()),
}))
`;

export async function chooseSettings(site: Site): Promise<Outcome> {
  const { order } = site;
  if (order.existing === null) site.env = codeEnvironment(order, allowedHosts(order), await readSecret(site));
  const { module, facts, why } = await choose(site);
  site.found = { ...site.found, settings: module };
  site.database = facts.shown;
  const missing = missingFrom(facts);
  if (missing.length === 0) return { ...there, said: `${module}${why}` };
  if (order.existing !== null) return keepAsItIs(site, module, missing);
  await writeOwn(site, ownSettings(order, module, facts));
  site.found = { ...site.found, settings: ownModule };
  const after = await lookAt(site, ownModule);
  const still = missingFrom(after);
  if (still.length > 0)
    throw new HostdError(
      'failed',
      `cannot set ${still.join(', ')} for ${module}: the project sets them otherwise`,
      {
        hint: '--settings MODULE',
      },
    );
  site.database = after.shown;
  return made(`${module}${why}, with ${missing.join(', ')} set in ${site.found.project}/${ownModule}.py`);
}

interface Choice {
  readonly module: string;
  readonly facts: SettingsFacts;
  readonly why: string;
}

async function choose(site: Site): Promise<Choice> {
  const { order, found } = site;
  const given = order.existing?.settings ?? order.askedSettings;
  const first = given ?? found.settings;
  const facts = await lookAt(site, first);
  if (given !== null || !facts.debug) return { module: first, facts, why: '' };
  const better = forProductionAmong(facts.others);
  if ('module' in better) {
    const { module } = better;
    return { module, facts: await lookAt(site, module), why: ` (DEBUG is on in ${first})` };
  }
  if (better.length === 0) return { module: first, facts, why: '' };
  throw new HostdError('failed', `cannot choose the settings: DEBUG is on in "${first}"`, {
    hint: better.map(module => `--settings ${module}`).join(', or: '),
  });
}

async function lookAt(site: Site, module: string): Promise<SettingsFacts> {
  const { root, database } = site.order;
  const { project } = site.found;
  const name = database?.kind === 'sqlite' ? `${root}/data/db.sqlite3` : (database?.name ?? '');
  const words = [
    module,
    allowedHosts(site.order).join(','),
    database?.kind ?? '',
    name,
    database?.role ?? '',
    root,
  ];
  const command = asApp(site, [`${root}/bin/python`, '-c', look, ...words], {
    directory: project,
    env: { VIRTUAL_ENV: root, PYTHONPATH: project, DJANGO_SETTINGS_MODULE: module, ...site.env },
  });
  const ran = await site.run(command);
  const facts = ran.code === 0 ? factsIn(ran.stdout) : null;
  if (facts === null) throw failed(`read the settings "${module}"`, command, ran, '--settings MODULE');
  return facts;
}

/** With an existing table, table and settings stay. Only an ordered database that the settings do not use is an error. */
function keepAsItIs(site: Site, module: string, missing: readonly string[]): Outcome {
  if (missing.includes('DATABASES'))
    throw new HostdError(
      'conflict',
      `cannot use --database ${site.order.database?.kind}: ${module} has ${site.database || 'none'}`,
      { hint: 'leave --database out, or have DATABASES read DATABASE_URL' },
    );
  site.note(`${module} is left as it is: look at ${missing.join(', ')}`);
  return { ...there, said: module };
}

async function writeOwn(site: Site, text: string): Promise<void> {
  const { order, found, run } = site;
  const file = `${found.project}/${ownModule}.py`;
  const below = file.slice(order.root.length + 1).split('/');
  site.onUndoBelow({ what: `remove ${file}`, action: () => void removeTree(order.root, below) });
  await must(run, `write ${file}`, asApp(site, ['tee', file], { input: text, umask: '077' }));
}
