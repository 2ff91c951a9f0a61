// Checks the addons of a release: those of both machines are there, each is for the machine of its folder, and none needs a newer glibc
// than promised. Reads the files as bytes, since neither binutils nor the other machine may be at hand.

import { readFileSync } from 'node:fs';

/** elf(5): e_machine, at offset 18 in two bytes. */
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** The oldest glibc that a release runs on: Debian 10's, RHEL 8's. */
export const oldestGlibc = '2.28';

export interface Needs {
  /** e_machine; -1 where the file is no ELF file. */
  readonly machine: number;
  /** The newest version of glibc's symbols that it needs; '0' for none. */
  readonly glibc: string;
}

/** What an addon needs of the machine, from its bytes. */
export function needsOf(bytes: Buffer): Needs {
  const isElf = bytes.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'));
  const versions = [...bytes.toString('latin1').matchAll(/GLIBC_(\d+(?:\.\d+)+)/g)].map(
    ([, text = '0']) => text,
  );
  return { machine: isElf ? bytes.readUInt16LE(18) : -1, glibc: versions.sort(compare).at(-1) ?? '0' };
}

/** Orders versions by their numbers: "2.4" before "2.28". */
export function compare(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

if (import.meta.main) {
  for (const [arch, machine] of Object.entries(machines))
    for (const addon of ['hostd', 'bare-sockets']) {
      const path = `build/linux-${arch}/${addon}.node`;
      const needs = needsOf(readFileSync(path));
      if (needs.machine !== machine)
        throw new Error(`"${path}" is not for ${arch}: e_machine is ${needs.machine}`);
      if (compare(needs.glibc, oldestGlibc) > 0)
        throw new Error(`"${path}" needs glibc ${needs.glibc}, which is newer than ${oldestGlibc}`);
      console.log(`release: ${path}: glibc ${needs.glibc} or later`);
    }
}
