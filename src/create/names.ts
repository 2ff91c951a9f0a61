// Checks names from the command line before they become users, paths, Python modules and SQL names. Pure.

import { checkName } from '../config/toml/names.ts';
import { hostName } from '../config/toml/value-hosts.ts';
import { tidyPath } from '../config/toml/values.ts';
import { HostdError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';

/** Characters: sun_path of unix(7) has 108 bytes with its NUL, and ROOT/run/gunicorn.sock must fit. */
const longestRoot = 107 - '/run/gunicorn.sock'.length;

/** The system's directories, which must have no app in them. */
const systemTrees =
  '/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /root /run /sbin /sys /usr /var/run /var/lib/dpkg /var/lib/postgresql'.split(
    ' ',
  );
/** Directories that many programs share. */
const shared = /^\/(home|var|opt|srv|mnt|media)\/(lib|log|cache|mail|spool|tmp|backups|local)$/;

/** https://docs.python.org/3/reference/lexical_analysis.html#keywords, without those that begin with a capital. */
const pythonKeywords = new Set(
  `and as assert async await break class continue def del elif else except finally for from global if import in is
   lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);
/** Modules that a project of the same name would hide from Django or gunicorn. */
const takenModules = new Set(['django', 'gunicorn', 'pip', 'site', 'test', 'manage', 'settings', 'psycopg']);

function refuse(what: string, value: string, why: string, hint: string): HostdError {
  return new HostdError('usage', `cannot use ${what} ${JSON.stringify(value)}: ${why}`, { hint });
}

/** An app's name, by the configuration's rules. @throws HostdError 'usage' */
export function appName(name: string): string {
  const problems: Problem[] = [];
  const key = ['app', name];
  checkName({ file: '', key, title: `app "${name}"`, subject: name, problems }, name);
  if (problems.length === 0) return name;
  throw refuse('the name', name, 'letters, digits, "_", "-" and "." only, and not "all"', 'hello');
}

/** A name of a user or group that every tool accepts (useradd(8), CAVEATS). @throws HostdError 'usage' */
export function accountName(what: 'user' | 'group', name: string): string {
  const why = 'lower-case letters, digits, "_" and "-" only, a letter first, 32 characters at most';
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) throw refuse(`the ${what}`, name, why, `--${what} hello`);
  if (name === 'root') throw refuse(`the ${what}`, name, 'an app must not be root', `--${what} hello`);
  return name;
}

/** The directory of an app: absolute, not among the system's, and short enough for its socket. @throws HostdError 'usage' */
export function rootPath(path: string): string {
  const hint = '--root /webapps/hello_django';
  const bad = (why: string) => refuse('the directory', path, why, hint);
  if (!/^(\/[A-Za-z0-9._+-]+)+\/?$/.test(path))
    throw bad('it must be absolute, of letters, digits and "._+-" alone (it stands in "#!" lines)');
  const tidy = tidyPath(path);
  if (tidy !== path.replace(/\/$/, '')) throw bad('it has "." or ".." in it');
  if (tidy.split('/').length < 3) throw bad('it is at the top of the file system');
  const tree = systemTrees.find(tree => tidy === tree || tidy.startsWith(`${tree}/`));
  if (tree !== undefined) throw bad(`"${tree}" is the system's`);
  if (shared.test(tidy)) throw bad('it is not for one app alone');
  if (tidy.length > longestRoot) throw bad(`longer than ${longestRoot} bytes, its socket could not be made`);
  return tidy;
}

/** Host names, separated by commas. @throws HostdError 'usage' */
export function hostNames(text: string): readonly string[] {
  const names = text.split(',').map(part => {
    const read = hostName(part.trim());
    if (!read.ok) throw refuse('the host name', part, 'no scheme, port or path', '--host hello.test');
    return read.value;
  });
  return [...new Set(names)];
}

/** The Python package that startproject makes for an app of this name. @throws HostdError 'usage' */
export function moduleName(name: string): string {
  const module = name.replace(/[-.]/g, '_');
  const hint = '--from DIR, with code of your own, or another name';
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(module) || pythonKeywords.has(module))
    throw refuse('the name', name, 'a Django project must be a Python package', hint);
  if (takenModules.has(module)) throw refuse('the name', name, 'Python has a module of that name', hint);
  return module;
}

/** A dotted Python module. */
export function isModulePath(text: string): boolean {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(text) && text.length <= 200;
}

/** A Python by its path, its name, or its version: "3.12" is "python3.12". @throws HostdError 'usage' */
export function pythonName(text: string): string {
  const name = /^\d+(\.\d+)*$/.test(text) ? `python${text}` : text;
  if (/^(\/[\w.+-]+)+$/.test(name) || /^python[\d.]*$/.test(name)) return name;
  throw refuse('the Python', text, 'it is no absolute path, and no name such as python3.12', '--python 3.12');
}

export type CodeSource =
  | { readonly kind: 'git'; readonly url: string }
  | { readonly kind: 'directory'; readonly path: string };

/** The value of --from: a URL or host:path for git, else a directory. @throws HostdError 'usage' */
export function codeSource(text: string): CodeSource {
  if (/^(https?|git|ssh|file):\/\/[\x21-\x7e]+$/.test(text)) return { kind: 'git', url: text };
  if (/^[A-Za-z0-9._][A-Za-z0-9._-]*@[A-Za-z0-9.][A-Za-z0-9.-]*:[\x21-\x7e]+$/.test(text))
    return { kind: 'git', url: text };
  const hint = '--from https://example.org/hello.git, or: --from ./hello';
  if (/^[a-z0-9+.-]+:/i.test(text))
    throw refuse('the source', text, 'git may clone by https, ssh, git and file alone', hint);
  if (text.startsWith('-') || text.includes('\0')) throw refuse('the source', text, 'it is no path', hint);
  return { kind: 'directory', path: text };
}
