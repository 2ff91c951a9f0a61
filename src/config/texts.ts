// The texts that were read, and the places in them: from the name of a key to file:line:column.

import { relative } from 'node:path';
import type { Place, Problem, Source } from '../model/problem.ts';
import { type Places, placesOf } from './toml/toml.ts';

export class Texts {
  readonly #base: string;
  readonly #texts = new Map<string, string>();
  readonly #places = new Map<string, Places>();

  /** `base`: the directory of hostd.toml. */
  constructor(base: string) {
    this.#base = base;
  }

  add(file: string, text: string): void {
    this.#texts.set(file, text);
  }

  /** The place for the middle of a sentence: the file as seen from hostd.toml, and the line. */
  where(source: Source): string {
    const path = relative(this.#base, source.file);
    const short = path.startsWith('..') ? source.file : path;
    const place = this.#find(source);
    return place === null ? short : `${short}:${place.line}`;
  }

  /** The problems with their places, in the order of the files and of their lines. */
  place(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
    return problems
      .map(problem => {
        const at =
          problem.at !== undefined && 'key' in problem.at
            ? (this.#find(problem.at) ?? problem.at)
            : problem.at;
        const placed = at === undefined ? problem : { ...problem, at };
        return this.#withOther(placed);
      })
      .toSorted((a, b) => rank(a, files) - rank(b, files) || lineOf(a) - lineOf(b));
  }

  #withOther({ against, ...problem }: Problem): Problem {
    if (against === undefined) return problem;
    const key = against.key.at(-1);
    return { ...problem, message: `${problem.message} (${key} at ${this.where(against)})` };
  }

  #find(source: Source): Place | null {
    const text = this.#texts.get(source.file);
    if (text === undefined || source.key.length === 0) return null;
    const places = this.#places.get(source.file) ?? placesOf(text, source.file);
    this.#places.set(source.file, places);
    return places(source.key);
  }
}

function rank(problem: Problem, files: readonly string[]): number {
  const index = files.indexOf(problem.at?.file ?? '');
  return index < 0 ? files.length : index;
}

function lineOf(problem: Problem): number {
  return problem.at !== undefined && 'line' in problem.at ? problem.at.line : 0;
}
