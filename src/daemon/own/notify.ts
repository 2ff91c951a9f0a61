// Tells the service manager (sd_notify(3)): ready, reloading, stopping, how many programs run. Silent where there is none. Each
// change is told once. Only the watchdog's message repeats, as the service manager asks for it.

import { stateName } from '../../lifecycle/view.ts';
import type { StateName } from '../../model/state.ts';
import { native } from '../../native/index.ts';
import type { Loop } from '../fleet/loop.ts';
import type { Unit } from '../fleet/unit.ts';

/** Milliseconds in which changes are gathered into one message. */
const gathering = 200;
/** Milliseconds that are asked for beyond the time in which a program may start or stop. */
const patience = 90_000;

type Phase = 'starting' | 'ready' | 'stopping';
let phase: Phase = 'starting';
let reloads = 0;
/** The present STATUS=. Calling it also drops the change that is still being gathered. */
let takeStatus: () => string = () => '';

/** Sends one message, such as "READY=1". hostd does not care whether the service manager listens. */
function notify(text: string): void {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return;
  try {
    native.notify(socket, text);
  } catch {
    // The service manager has gone, or its queue is full.
  }
}

/** Everything that should be started has been. From now on the watchdog is fed. */
export function notifyReady(): void {
  if (phase === 'starting') startWatchdog();
  if (phase !== 'stopping') phase = 'ready';
  // The status goes along, since `systemctl start` returns now and shows it.
  notify(`READY=1\nMAINPID=${process.pid}\nSTATUS=${takeStatus()}`);
}

export function notifyStopping(): void {
  phase = 'stopping';
  notify('STOPPING=1');
}

/** hostd is about to begin anew as the same process: it stops everything, and is ready again after its start. */
export function notifyRestarting(): void {
  phase = 'starting';
  notify(reloading());
}

/** Says for as long as `work` takes that the configuration is being applied. */
export async function whileReloading<T>(work: () => Promise<T>): Promise<T> {
  if (phase !== 'ready') return await work();
  reloads += 1;
  if (reloads === 1) notify(reloading());
  try {
    return await work();
  } finally {
    reloads -= 1;
    if (reloads === 0 && phase === 'ready') notifyReady();
  }
}

function reloading(): string {
  return `RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;
}

/** Keeps STATUS= current. While hostd starts or stops, each change also asks for more time. */
export function keepStatus(loop: Loop, units: () => readonly Unit[]): void {
  let last = '';
  let _timer: NodeJS.Timeout | undefined;
  takeStatus = () => {
    clearTimeout(_timer);
    _timer = undefined;
    const steady = units().filter(({ program }) => program.schedule === null);
    last = statusLine(steady.map(({ program, state }) => ({ name: program.name, state: stateName(state) })));
    return last;
  };
  const tell = () => {
    const before = last;
    const line = takeStatus();
    if (line === before && phase === 'ready') return;
    const longest = Math.max(0, ...units().map(unit => unit.policy.stopwait));
    const more = phase === 'ready' ? '' : `\nEXTEND_TIMEOUT_USEC=${(longest + patience) * 1000}`;
    notify(`STATUS=${line}${more}`);
  };
  loop.listen(() => {
    _timer ??= setTimeout(tell, gathering);
  });
}

/** One short line for people: how many programs run, and which should run but do not. */
export function statusLine(
  programs: readonly { readonly name: string; readonly state: StateName }[],
): string {
  const running = programs.filter(program => program.state === 'RUNNING').length;
  const [first, ...others] = programs.filter(({ state }) => state === 'FATAL' || state === 'BACKOFF');
  const line = `${running} of ${programs.length} programs are running`;
  if (first === undefined) return line;
  const rest = others.length === 0 ? '' : `, and ${others.length} more are not well`;
  return `${line}; ${first.name} is ${first.state}${rest}`;
}

/** Sends WATCHDOG=1 now, and then twice as often as asked for, as long as the event loop turns (sd_watchdog_enabled(3)). */
function startWatchdog(): void {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = process.env;
  if (usec === undefined || (pid !== undefined && Number(pid) !== process.pid)) return;
  const ms = Number(usec) / 2000;
  if (!(ms > 0)) return;
  // At once, because before an upgrade in place the old version sent the last one.
  notify('WATCHDOG=1');
  setInterval(() => notify('WATCHDOG=1'), ms).unref();
}
