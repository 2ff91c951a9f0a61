// Signals by their names, as signal(7) has them: SIGABRT and not SIGIOT, SIGPOLL and not SIGIO, and the bounds of the real-time ones
// that libc leaves to programs. "signal 40" is one without a name. Pure.

import { constants } from 'node:os';

const named: Readonly<Record<string, number>> = { ...constants.signals, SIGRTMIN: 34, SIGRTMAX: 64 };
const preferred = ['SIGABRT', 'SIGPOLL'];
const names = new Map(
  [...Object.keys(named), ...preferred].map(name => [named[name], name as NodeJS.Signals]),
);

/** As Python's signal module has them; model/host.ts has the same. */
export type SignalName = NodeJS.Signals | 'SIGRTMIN' | 'SIGRTMAX' | `signal ${number}`;

export function nameOfSignal(number: number): SignalName {
  return names.get(number) ?? `signal ${number}`;
}

export function numberOfSignal(name: SignalName): number {
  return named[name] ?? Number(name.replace(/^signal /, ''));
}
