// The locations of one server block: what the app gets, which files are served, and what nginx keeps from the public.
// Nothing that was private in nginx is served here.

import { isDeepStrictEqual } from 'node:util';
import { expires } from '../../config/toml/value-files.ts';
import { isElsewhere } from '../../model/elsewhere.ts';
import { parseDuration } from '../../words/durations.ts';
import {
  type Access,
  accessWithin,
  guardOf,
  hidesForeignPrograms,
  hidesOnlyDots,
  isAboutAccess,
  openAccess,
} from './access-read.ts';
import { type Edge, type Odd, readEdgeLocation } from './edge-read.ts';
import { hashedNames } from './hashed-names.ts';
import { type Passed, passesIn, readPass, readPassing } from './pass-read.ts';
import type { Directive } from './syntax.ts';

export type FilesKey = 'static' | 'media';

export interface FoundLocations extends Edge, Passed {
  static: string | null;
  media: string | null;
  /** As in App; null: nothing is set. */
  staticExpires: number | null;
  mediaExpires: number | null;
  proxyReadTimeout: number | null;
  /** Keys whose files nginx keeps from the public, wholly or in part. */
  readonly hidden: Set<FilesKey>;
  /** Whether the app gets only a part of the site. */
  isPart: boolean;
  /** Why hostd cannot serve the site at all: a directive that keeps it, or a page of it, from the public. */
  closed: { readonly guard: Directive; readonly where: Directive | null } | null;
}

/** What is in force around the locations. */
export interface Around {
  readonly upstreams: ReadonlyMap<string, Directive>;
  readonly access: Access;
  readonly root: string | null;
}

interface Located {
  readonly directive: Directive;
  readonly access: Access;
}

export function readLocations(
  block: readonly Directive[],
  around: Around,
  found: FoundLocations,
  odd: Odd,
): void {
  // Locations that hand requests to the app come first, since the others ask about them.
  const order = (directive: Directive) => (isFront(directive) ? 0 : isNamed(directive) ? 1 : 2);
  const top = block.filter(({ name }) => name === 'location').toSorted((a, b) => order(a) - order(b));
  for (const directive of top) readLocation(directive, around, found, odd);
  const front = top.find(isFront);
  if (!leads(found)) readPart(top, around, found, odd);
  const guard = guardOf(front === undefined ? around.access : accessWithin(front.block ?? [], around.access));
  if (guard !== null) found.closed ??= { guard, where: null };
  for (const located of flat(block, around.access)) judge(located, around, found, odd);
}

/** Whether requests are handed to an app. */
export function leads(passed: Passed): boolean {
  return passed.socket !== null || passed.address !== null || isElsewhere(passed);
}

function isFront(directive: Directive): boolean {
  return isPrefix(directive) && directive.args.at(-1) === '/';
}

/** Whether it is a named location ("@app") that hands requests on. */
function isNamed({ args, block }: Directive): boolean {
  return args.length === 1 && args[0]?.startsWith('@') === true && passesIn(block ?? []).length > 0;
}

function isPrefix({ args }: Directive): boolean {
  return args.length === 1 || args[0] === '^~';
}

function flat(block: readonly Directive[], outer: Access): readonly Located[] {
  return block
    .filter(({ name }) => name === 'location')
    .flatMap(directive => {
      const access = accessWithin(directive.block ?? [], outer);
      return [{ directive, access }, ...flat(directive.block ?? [], access)];
    });
}

/** Where the app gets only a part of the site: hostd would give it all requests, so the app gets none of the site's names. */
function readPart(top: readonly Directive[], around: Around, found: FoundLocations, odd: Odd): void {
  for (const location of top)
    for (const pass of passesIn(location.block ?? [])) {
      const passed = readPass(pass, around.upstreams);
      if (passed === null || found.isPart) continue;
      Object.assign(found, passed);
      found.isPart = true;
      odd(location, 'this part of the site alone is handed to the app: its host names are left out');
    }
}

/** Makes sure that a place which nginx guards is not served. */
function judge({ directive, access }: Located, around: Around, found: FoundLocations, odd: Odd): void {
  const guard = guardOf(access);
  const path = directive.args.at(-1) ?? '';
  if (guard === null || isFront(directive) || hidesOnlyDots(directive)) return;
  const own = filesKeys(directive);
  for (const key of ['static', 'media'] as const) {
    if (!own.includes(key) && !overlaps(directive, key, path)) continue;
    if (found[key] !== null || !found.hidden.has(key))
      odd(
        guard,
        `${key} = false: nginx keeps ${own.includes(key) ? 'these files' : 'some of these files'} from the public`,
      );
    found[key] = null;
    found.hidden.add(key);
  }
  if (
    own.length > 0 ||
    /^\/(static|media)\//.test(headOf(directive.args, path) ?? '') ||
    hidesForeignPrograms(directive.args)
  )
    return;
  // An internal location: only the app can send visitors to it.
  const isInternal = guard.name === 'internal' && guardOf({ ...access, refusals: [] }) === null;
  const isApps = passesIn(directive.block ?? []).some(pass => leadsToApp(pass, around, found));
  if (path.startsWith('@') ? isInternal || !isApps : isInternal && !isApps) return;
  found.closed ??= { guard, where: directive };
}

function leadsToApp(pass: Directive, { upstreams }: Around, found: FoundLocations): boolean {
  const passed = readPass(pass, upstreams);
  return (
    passed !== null &&
    passed.socket === found.socket &&
    passed.address === found.address &&
    isDeepStrictEqual(passed.upstreams, found.upstreams)
  );
}

/** Whether a location may decide about files below /static/ or /media/. */
function overlaps({ args }: Directive, key: FilesKey, path: string): boolean {
  const place = `/${key}/`;
  const head = headOf(args, path);
  if (!args[0]?.startsWith('~')) return path.startsWith(place);
  if (hidesForeignPrograms(args)) return false;
  return head === null || head.startsWith(place) || place.startsWith(head);
}

/** The beginning of all paths of the location; null: a regular expression that does not tell. */
function headOf(args: readonly string[], path: string): string | null {
  if (!args[0]?.startsWith('~')) return path;
  return /^\^(\/[\w/-]*)/.exec(args[0] === '~*' ? path.toLowerCase() : path)?.[1] ?? null;
}

function readLocation(directive: Directive, around: Around, found: FoundLocations, odd: Odd): void {
  const block = directive.block ?? [];
  const path = directive.args.at(-1) ?? '';
  const passes = passesIn(block);
  const root = rootIn(block) ?? around.root;
  if (isFront(directive) || isNamed(directive)) {
    for (const pass of passes) take(pass, around, found, odd);
    for (const inner of block)
      if (inner.name === 'location') readLocation(inner, { ...around, root }, found, odd);
      else if (!isAboutAccess(inner) && !readTimeout(inner, found, odd) && !readPassing(inner, root, odd))
        odd(inner, 'not understood');
    return;
  }
  if (readEdgeLocation(directive, path, found, odd)) return;
  if (passes.length > 0 && passes.every(pass => leadsToApp(pass, around, found))) {
    // The app gets all of these requests anyway.
    for (const inner of block)
      if (!isAboutAccess(inner) && !readTimeout(inner, found, odd) && !readPassing(inner, null, odd))
        odd(inner, 'not understood');
    return;
  }
  if (hidesOnlyDots(directive) && guardOf(accessWithin(block, openAccess)) !== null) return;
  readFiles(directive, root, found, odd);
}

function take(pass: Directive, { upstreams }: Around, found: FoundLocations, odd: Odd): void {
  const passed = readPass(pass, upstreams);
  if (passed === null) odd(pass, 'it is not handed to a unix socket or to numeric addresses');
  else Object.assign(found, passed);
}

function readFiles(directive: Directive, root: string | null, found: FoundLocations, odd: Odd): void {
  const block = directive.block ?? [];
  const keys = filesKeys(directive);
  if (keys.length === 0) {
    odd(
      directive,
      passesIn(block).length > 0
        ? 'hostd hands all requests of a site to one app: these go to it, too'
        : 'hostd serves files below /static/ and /media/ alone',
    );
    return;
  }
  for (const key of keys) {
    const files = block.some(decides) ? null : filesOf(block, root, key, isPrefix(directive));
    if (files === null) odd(directive, 'not understood');
    else if (!found.hidden.has(key)) found[key] = files;
  }
  for (const inner of block)
    if (
      !isAboutAccess(inner) &&
      !readExpires(inner, keys, found) &&
      !readTypes(inner, odd) &&
      !isOfFiles(inner)
    )
      odd(inner, 'not understood');
}

/** false: the directive is about something else, or says what hostd cannot ("modified", a variable). */
function readExpires({ name, args }: Directive, keys: readonly FilesKey[], found: FoundLocations): boolean {
  if (name !== 'expires' || args.length !== 1) return false;
  const [word = ''] = args;
  const read = expires(/^-/.test(word) ? 'epoch' : (parseDuration(word) ?? word));
  if (!read.ok) return false;
  for (const key of keys) found[key === 'static' ? 'staticExpires' : 'mediaExpires'] = read.value;
  return true;
}

/** Reads types that are written out for a place. In hostd they belong to [proxy]. */
export function readTypes(directive: Directive, odd: Odd): boolean {
  const { name, block } = directive;
  if (name !== 'types') return false;
  const pairs = (block ?? []).flatMap(({ name: type, args }) =>
    args.map(extension => `${JSON.stringify(extension)} = ${JSON.stringify(type)}`),
  );
  if (pairs.length > 0) odd(directive, `[proxy] types = { ${pairs.join(', ')} }`);
  return true;
}

/** A timeout. hostd has one for the whole site. */
export function readTimeout(directive: Directive, found: FoundLocations, odd: Odd): boolean {
  const { name, args } = directive;
  if (name !== 'proxy_read_timeout') return false;
  const seconds = parseDuration(args[0] ?? '');
  if (seconds === null || seconds === 0) return false;
  const before = found.proxyReadTimeout;
  if (before !== null && before !== seconds)
    odd(directive, 'hostd has one proxy_read_timeout for a site: the longest is taken');
  found.proxyReadTimeout = Math.max(before ?? 0, seconds);
  return true;
}

/** Whether it may answer instead of the files. Then it is not known who gets them. */
function decides({ name, args, block }: Directive): boolean {
  if (name === 'try_files') return args[0] !== '$uri';
  return (
    name === 'return' ||
    name === 'rewrite' ||
    name.endsWith('_pass') ||
    (name === 'if' && (block ?? []).some(decides))
  );
}

/** Whether a location of files may have this directive without a remark. */
function isOfFiles(inner: Directive): boolean {
  const { name, args, block } = inner;
  if (name === 'try_files') return args[0] === '$uri' && /^=404$/.test(args.at(-1) ?? '');
  if (name === 'autoindex') return args[0] === 'off';
  if (name === 'location' && args.at(-1) === hashedNames) return true;
  if (name === 'include') return /(^|\/)mime\.types$/.test(args[0] ?? '');
  if (name === 'location')
    return hidesOnlyDots(inner) && guardOf(accessWithin(block ?? [], openAccess)) !== null;
  return ['alias', 'root', 'gzip_static', 'disable_symlinks'].includes(name);
}

/** Which keys a location is about: "/static/" is static, and "~ ^/(static|media)/" is both. */
function filesKeys(directive: Directive): readonly FilesKey[] {
  const path = directive.args.at(-1) ?? '';
  const found = isPrefix(directive)
    ? /^\/(static|media)\/?$/.exec(path)?.[1]
    : directive.args[0]?.startsWith('~') === true
      ? /^\^\/(?:\((?:\?:)?)?((?:static|media)(?:\|(?:static|media))?)\)?\/?(?:\(?\.\*\)?)?\$?$/.exec(
          path,
        )?.[1]
      : undefined;
  const keys = new Set(found?.split('|') ?? []);
  return (['static', 'media'] as const).filter(key => keys.has(key));
}

function rootIn(block: readonly Directive[]): string | null {
  return block.find(({ name }) => name === 'root')?.args[0] ?? null;
}

function filesOf(
  block: readonly Directive[],
  root: string | null,
  key: FilesKey,
  isPrefix: boolean,
): string | null {
  const alias = block.find(({ name }) => name === 'alias')?.args[0];
  const written = alias ?? (root === null ? null : `${root.replace(/\/$/, '')}/${key}/`);
  if (written === null || !written.startsWith('/') || written.includes('$')) return null;
  if (alias !== undefined && !isPrefix) return null;
  return written.endsWith('/') ? written : `${written}/`;
}
