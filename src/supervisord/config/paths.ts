// Paths as Python's os.path makes them, and glob.glob(). Pure: the machine is an argument.

import type { Machine } from './machine.ts';

/** os.path.dirname */
export function directoryOf(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

/** os.path.join of two. */
export function joined(base: string, path: string): string {
  if (path.startsWith('/') || base === '') return path;
  return base.endsWith('/') ? base + path : `${base}/${path}`;
}

/** os.path.normpath: two slashes at the beginning stay two. */
export function normal(path: string): string {
  if (path === '') return '.';
  const root = path.startsWith('//') && !path.startsWith('///') ? '//' : path.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (root === '' && (parts.length === 0 || parts.at(-1) === '..'))) parts.push(part);
    else parts.pop();
  }
  return root + parts.join('/') || '.';
}

/** os.path.abspath */
export function absolute(path: string, machine: Machine): string {
  return normal(joined(machine.directory, path));
}

/** os.path.expanduser: "~" is HOME, "~name" that user's home. An unknown name stays. */
export function atHome(path: string, machine: Machine): string {
  const [whole = '', name = ''] = /^~([^/]*)/.exec(path) ?? [];
  if (whole === '') return path;
  const home =
    name === ''
      ? (machine.environment['HOME'] ?? machine.account(machine.uid)?.home)
      : machine.account(name)?.home;
  if (home === undefined) return path;
  return home.replace(/\/+$/, '') + path.slice(whole.length) || '/';
}

/** Supervisor's normalize_path. */
export function settled(path: string, machine: Machine): string {
  return absolute(atHome(path, machine), machine);
}

const magic = /[*?[]/;

/** sorted(glob.glob(pattern)), by code points. As there, "**" is "*". */
export function glob(pattern: string, machine: Machine): readonly string[] {
  return found(pattern, machine).sort(byCodePoint);
}

function found(pattern: string, machine: Machine): string[] {
  const directory = directoryOf(pattern);
  const name = pattern.slice(pattern.lastIndexOf('/') + 1);
  if (!magic.test(pattern)) {
    const there = name === '' ? machine.isDirectory(directory || '.') : machine.exists(pattern);
    return there ? [pattern] : [];
  }
  const directories =
    directory !== '' && directory !== pattern && magic.test(directory)
      ? found(directory, machine)
      : [directory];
  return directories.flatMap(place => {
    if (name === '') return machine.isDirectory(place) ? [joined(place, '')] : [];
    if (!magic.test(name)) return machine.exists(joined(place, name)) ? [joined(place, name)] : [];
    const matches = translate(name);
    return machine
      .names(place === '' ? machine.directory : place)
      .filter(one => matches.test(one) && (name.startsWith('.') || !one.startsWith('.')))
      .map(one => joined(place, one));
  });
}

/** fnmatch.translate */
function translate(name: string): RegExp {
  let text = '';
  for (let at = 0; at < name.length; ) {
    const char = name.charAt(at++);
    if (char === '*') text += '.*';
    else if (char === '?') text += '.';
    else if (char === '[') {
      let end = at;
      if (name.charAt(end) === '!') end++;
      if (name.charAt(end) === ']') end++;
      while (end < name.length && name.charAt(end) !== ']') end++;
      if (end >= name.length) text += '\\[';
      else {
        const inside = name.slice(at, end).replaceAll(/[\\[\]&~|]/g, '\\$&');
        at = end + 1;
        text += inside.startsWith('!')
          ? `[^${inside.slice(1)}]`
          : `[${inside.startsWith('^') ? '\\' : ''}${inside}]`;
      }
    } else text += char.replace(/[.+^${}()|\\\]/-]/, '\\$&');
  }
  return new RegExp(`^${text}$`, 'su');
}

/** Python's order of strings. */
export function byCodePoint(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
