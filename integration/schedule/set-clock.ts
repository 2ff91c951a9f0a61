// A hostd whose clock the test sets, and scheduled programs that do what the test says.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ProgramStatus } from '../../src/protocol/control.ts';
import { checkout, type Hostd, type HostdOptions, startHostd } from '../harness/hostd.ts';
import type { Place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

/** By the machine's zone: of June 2026. */
export function june(day: number, hour: number, minute = 0, second = 0): Date {
  return new Date(2026, 5, day, hour, minute, second);
}

export interface Clock {
  /** The clock of this hostd jumps to there, and goes on. */
  set(hostd: Hostd, to: Date): Promise<void>;
  /** For the next hostd. */
  prepare(to: Date): void;
}

export async function startClocked(
  place: Place,
  at: Date,
  options: HostdOptions,
): Promise<{ hostd: Hostd; clock: Clock }> {
  const file = `${place.dir}/clock`;
  const prepare = (to: Date) => {
    const ahead = to.getTime() - Date.now();
    writeFileSync(`${file}.new`, String(ahead));
    renameSync(`${file}.new`, file);
    return ahead;
  };
  prepare(at);
  const flags =
    '--disable-warning=ExperimentalWarning --max-semi-space-size=1 --no-opt --no-maglev --expose-gc';
  const begin = `${process.execPath} ${flags} --import ${import.meta.dirname}/clock.ts ${checkout}/dist/daemon/begin.js`;
  const hostd = await startHostd(place, {
    ...options,
    env: { ...options.env, HOSTD_TEST_CLOCK: file },
    under: ['sh', '-c', `shift; exec ${begin} "$@"`, 'sh'],
  });
  const set = async (of: Hostd, to: Date) => {
    const ahead = prepare(to);
    process.kill(of.pid, 'SIGWINCH');
    await until('the clock to be set', () => of.output().includes(`the clock is ahead by ${ahead}\n`));
  };
  return { hostd, clock: { set, prepare } };
}

export interface Script {
  /** For `command`. */
  readonly command: string;
  /** How often it has been run. */
  runs(): number;
  /** Whether its next runs go on until they are let go. */
  hold(isHeld: boolean): void;
  exitsWith(code: number): void;
}

export function script(place: Place, name: string): Script {
  const at = place.directory(`scripts/${name}`);
  const file = place.write(
    `scripts/${name}/run.sh`,
    `echo run >> ${at}/runs\nwhile [ -e ${at}/hold ]; do sleep 0.05; done\nexit $(cat ${at}/code)\n`,
  );
  writeFileSync(`${at}/code`, '0');
  return {
    command: `/bin/sh ${file}`,
    runs: () => (existsSync(`${at}/runs`) ? readFileSync(`${at}/runs`, 'utf8').split('\n').length - 1 : 0),
    hold: isHeld => (isHeld ? writeFileSync(`${at}/hold`, '') : rmSync(`${at}/hold`, { force: true })),
    exitsWith: code => writeFileSync(`${at}/code`, String(code)),
  };
}

/** Waits until its status is so. */
export function scheduled(
  hostd: Hostd,
  name: string,
  what: string,
  isSo: (program: ProgramStatus) => boolean,
): Promise<ProgramStatus> {
  return until(`${name}: ${what}`, async () =>
    (await hostd.status()).find(program => program.name === name && isSo(program)),
  );
}

/** Waits until the log has it, and returns how often it does. */
export async function logged(hostd: Hostd, text: RegExp): Promise<number> {
  const times = () => hostd.output().match(new RegExp(text, 'g'))?.length ?? 0;
  await until(`the log to say ${text}`, times);
  return times();
}

/** With its exit code. */
export async function statusOf(hostd: Hostd, name: string): Promise<string> {
  const { stdout, code } = await hostd.hostctl('status', name);
  return `${code} ${stdout}`;
}
