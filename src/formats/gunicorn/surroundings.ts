// The surroundings of a start script's commands: directory, variables, which of them are exported, virtualenv.

import { dirname, resolve } from 'node:path';
import { baseEnvironment } from '../../model/app.ts';
import type { ReadContext } from '../format.ts';
import { assignedBy, declarations, readShell, type ShellCommand, unknown, type Variables } from './shell.ts';
import type { Peeled } from './wrappers.ts';

/** Ways to export each line of a file that are copied from script to script. */
const exportedFile =
  /^export \$\((?:cat|(?:e?grep|sed)(?: -[a-zA-Z]+)* (?:'[^']*'|"[^"]*")) ([\w./-]+)(?: *\| *(?:xargs|e?grep|sed|tr)\b[^()]*)?\)$/;

export class Surroundings {
  directory: string;
  readonly variables: Variables;
  /** The virtualenv that was activated. */
  root: string | null = null;
  umask: number | null = null;
  /** The file that is being read. */
  file: string;
  readonly #around: ReadContext;
  readonly #exported = new Set<string>();
  #exportsAll = false;

  constructor(around: ReadContext, file: string) {
    this.#around = around;
    this.file = file;
    this.directory = around.start?.directory ?? '/';
    const given = around.start?.environment ?? {};
    this.variables = new Map(Object.entries({ PATH: baseEnvironment['PATH'] ?? '', ...given }));
    for (const name of Object.keys(given)) this.#exported.add(name);
    this.#exported.add('PATH');
  }

  /** `file`: $0 of a script of its own, an absolute path. */
  isCalled(file: string): void {
    this.variables.set('0', file);
    this.directory = this.#around.start?.directory ?? dirname(file);
  }

  /** Assigns and exports what a command does. */
  assign(command: ShellCommand, remark: (why: string) => void): void {
    const { words, parts, conditional } = command;
    const [program] = words;
    for (const { name, value } of assignedBy(command)) {
      const isKnown = this.variables.get(name) !== null;
      if (value === null) remark(`only a running shell knows ${name}`);
      else if (conditional && !isKnown) remark(`${name} is set under a condition`);
      if (this.#exportsAll) this.#exported.add(name);
    }
    const isExport =
      program === 'export' ||
      (declarations.has(program ?? '') && words.some(word => /^-[a-z]*x/.test(word ?? '')));
    if (!isExport) return;
    for (const part of parts.slice(1)) {
      const name = /^[A-Za-z_]\w*/.exec(part)?.[0];
      if (part.startsWith(unknown)) remark('only a running shell knows this value');
      else if (name !== undefined) this.#exported.add(name);
    }
  }

  /** export $(grep -v '^#' FILE | xargs); false: it is something else, or the file cannot be read. */
  exportsLines(command: string, remark: (why: string) => void): boolean {
    const written = exportedFile.exec(command)?.[1];
    const lines = written === undefined ? null : this.#linesOf(written);
    if (lines === null) return false;
    for (const [name, value] of lines)
      if (value === null) remark(`only a running shell knows ${name}`);
      else this.export(name, value);
    return true;
  }

  /** The variables of a file; null: it cannot be read. */
  #linesOf(written: string): Variables | null {
    const text = this.textOf(resolve(this.directory, written));
    if (text === null) return null;
    const found: Variables = new Map();
    for (const _ of readShell(text, found));
    return found;
  }

  export(name: string, value: string): void {
    this.variables.set(name, value);
    this.#exported.add(name);
  }

  /** bin/activate of a virtualenv; false: it is another file. */
  activates(file: string): boolean {
    if (!file.endsWith('/activate')) return false;
    this.root = dirname(dirname(file));
    this.variables.set('VIRTUAL_ENV', this.root);
    this.variables.set('PATH', `${this.root}/bin:${this.variables.get('PATH') ?? ''}`);
    return true;
  }

  /** unset NAME */
  forget(name: string): void {
    this.variables.delete(name);
    this.#exported.delete(name);
  }

  /** cd PATH */
  go(path: string): void {
    this.directory = resolve(this.directory, path);
    this.variables.set('PWD', this.directory);
  }

  /** The builtin `set`. */
  set(words: readonly string[], remark: (why: string) => void): void {
    const [first = '', second = ''] = words;
    const option = first === '-o' || first === '+o' ? `${first}${second}` : first;
    if (/^-[a-z]*a[a-z]*$/.test(first) || option === '-oallexport') this.#exportsAll = true;
    else if (/^\+[a-z]*a[a-z]*$/.test(first) || option === '+oallexport') this.#exportsAll = false;
    else if (!/^[-+]/.test(first) || first === '--') remark('not understood');
  }

  /** The environment of a command that is started here. */
  environment(
    peeled: Peeled,
    own: Readonly<Record<string, string>>,
    remark: (line: string, why: string) => void,
  ): Readonly<Record<string, string>> {
    const environment: Record<string, string> = {};
    for (const file of peeled.files) {
      const found = this.#linesOf(file);
      if (found === null) {
        if (peeled.finder !== 'pipenv')
          remark(file, 'this file cannot be read: env = { ... } with its variables');
        continue;
      }
      for (const [name, value] of found)
        if (value === null) remark(file, `only a running shell knows ${name}`);
        else environment[name] = value;
    }
    for (const name of this.#exported) {
      const value = this.variables.get(name);
      if (value !== undefined && value !== null) environment[name] = value;
    }
    Object.assign(environment, own);
    for (const [name, value] of Object.entries(peeled.environment))
      if (value.includes(unknown)) remark(`${name}=...`, `only a running shell knows ${name}`);
      else environment[name] = value;
    return environment;
  }

  /** null: there is no such file, or this user may not read it. */
  textOf(file: string): string | null {
    // A path with these characters is no pattern, and is not read.
    if (/[*?[\]]/.test(file)) return null;
    try {
      const { sourced, include } = this.#around;
      const found = sourced === undefined ? include(file)[0] : sourced(file, this.file);
      return found?.text ?? null;
    } catch {
      return null; // This user may not read it. Its variables are reported as lost.
    }
  }
}
