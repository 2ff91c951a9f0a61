// Signal names as Supervisor reads them: with or without SIG, in any case, or a number.

import { constants } from 'node:os';

/** null: this machine has no such signal. */
export function parseSignal(value: string | number): NodeJS.Signals | null {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  if (typeof value === 'number' || /^\d+$/.test(value))
    return names.find(name => constants.signals[name] === Number(value)) ?? null;
  const upper = value.toUpperCase();
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return names.find(name => name === full) ?? null;
}

/** Names without SIG, for suggestions. */
export const signalNames: readonly string[] = Object.keys(constants.signals).map(name => name.slice(3));
