// What a Django project tells about itself: its settings module in manage.py, and the modules beside that. Only reads files.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readProjectFile } from './project-file.ts';

export interface DjangoProject {
  /** Where manage.py is. */
  readonly directory: string;
  /** DJANGO_SETTINGS_MODULE in manage.py; null: it does not set it. */
  readonly settings: string | null;
  /** The modules with `application`; null: there is none. */
  readonly wsgi: string | null;
  readonly asgi: string | null;
}

/** The module that manage.py sets by os.environ.setdefault or os.environ[...] =, or null. */
export function settingsIn(managePy: string): string | null {
  const pattern = /^[^#\n]*DJANGO_SETTINGS_MODULE['"]\s*(?:,|\]\s*=)\s*['"]([\w.]+)['"]/m;
  return pattern.exec(managePy)?.[1] ?? null;
}

/** The project whose manage.py is in `directory`. */
export function readDjango(directory: string): DjangoProject {
  const settings = settingsIn(readProjectFile(join(directory, 'manage.py')));
  return {
    directory,
    settings,
    wsgi: findModule(directory, settings, 'wsgi'),
    asgi: findModule(directory, settings, 'asgi'),
  };
}

/** Finds a module beside the settings (hello.settings: hello.wsgi), or in a package above them (config.settings.dev: config.wsgi). */
function findModule(directory: string, settings: string | null, name: string): string | null {
  const parts = settings?.split('.') ?? [];
  for (let length = parts.length - 1; length > 0; length--) {
    const parent = parts.slice(0, length);
    if (existsSync(join(directory, ...parent, `${name}.py`))) return [...parent, name].join('.');
  }
  return existsSync(join(directory, `${name}.py`)) ? name : null;
}

const passedOver = /^(\.|node_modules$|site-packages$|__pycache__$|dist$|build$|env$|venv$)/;

/** Folders at or below `directory` with a file of this name, down to two levels. Below a folder that was found, none is looked for. */
export function findFolders(directory: string, file: string, depth = 2): string[] {
  if (existsSync(join(directory, file))) return [directory];
  if (depth === 0) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !passedOver.test(entry.name))
    .map(entry => join(directory, entry.name))
    .filter(folder => !existsSync(join(folder, 'pyvenv.cfg')) || existsSync(join(folder, file)))
    .sort()
    .flatMap(folder => findFolders(folder, file, depth - 1));
}

/** `directory` and the folders above it, the nearest first, up to the file system's root or `levels`. */
export function ancestors(directory: string, levels: number): string[] {
  const found = [directory];
  for (let at = directory; found.length <= levels && dirname(at) !== at; ) {
    at = dirname(at);
    found.push(at);
  }
  return found;
}
