// What the services of one app have in common, which its file has once. Pure.

import type { Workload } from '../containers/workload.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** An app whose services have much in common. */
export type Sharing = Workload & { readonly shared: Shared };

/** What several services have is one object, which the file has once. */
export class Shared {
  readonly common: Tree;
  readonly all = new Map<string, object>();

  constructor(common: Tree) {
    this.common = common;
    this.same(common);
  }

  /** The object that is equal to this one. */
  same<T extends object>(value: T): T {
    const key = JSON.stringify(value);
    const known = this.all.get(key) ?? value;
    this.all.set(key, known);
    return known as T;
  }
}
