// The fields that an object of Kubernetes has, read from the types of kubernetes-models: its validators accept fields that there are not.
// Shared by the tests of this folder; has no test of its own.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

const models = dirname(createRequire(import.meta.url).resolve('kubernetes-models/package.json'));

interface Shape {
  /** The text of each field's type. */
  readonly fields: ReadonlyMap<string, string>;
  /** The files of the types that it names. */
  readonly files: ReadonlyMap<string, string>;
}

const shapes = new Map<string, Shape>();

function shapeOf(file: string): Shape {
  const known = shapes.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, 'utf8');
  const files = new Map(
    [...text.matchAll(/^import \{ (\w+) \} from "([^"]+?)(?:\.js)?";$/gm)].map(
      ([, name = '', path = '']) => [name, fileOf(path, file)] as const,
    ),
  );
  const body = text.slice(text.indexOf('export interface '));
  const end = body.indexOf('\n}');
  const fields = new Map(
    [...body.slice(0, end).matchAll(/^ {4}"?(\w+)"?\??: ([^;]+);/gm)].map(
      ([, name = '', type = '']) => [name, type] as const,
    ),
  );
  const shape = { fields, files };
  shapes.set(file, shape);
  return shape;
}

function fileOf(path: string, from: string): string {
  if (path.startsWith('.')) return resolve(dirname(from), `${path}.d.ts`);
  const [scope = '', name = '', ...rest] = path.split('/');
  return `${resolve(models, '..', scope, name, ...rest)}.d.ts`;
}

/** Paths of the fields in a value that its type does not have. `file`: the declaration of the type. */
export function unknownFields(value: unknown, file: string, path = ''): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => unknownFields(item, file, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null || !existsSync(file)) return [];
  const { fields, files } = shapeOf(file);
  return Object.entries(value).flatMap(([key, inner]) => {
    const type = fields.get(key);
    if (type === undefined) return [`${path}.${key}`];
    // A map, of which anybody may choose the keys.
    if (type.trimStart().startsWith('{')) return [];
    const next = [...files].find(([name]) => type.split(/\W/).includes(name))?.[1];
    return next === undefined ? [] : unknownFields(inner, next, `${path}.${key}`);
  });
}

/** The declaration of a kind of object. */
export function declarationOf(apiVersion: string, kind: string): string {
  const [group = '', version] = apiVersion.split('/');
  return resolve(models, ...(version === undefined ? [group] : [group, version]), `${kind}.d.ts`);
}
