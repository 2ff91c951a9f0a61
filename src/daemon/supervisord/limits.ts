// supervisord's minfds and minprocs: the limits that it raises for itself and its processes. Where it may not, it ends. Pure.

export interface Limits {
  /** Flat triples for setrlimit(2): the limits that processes are given. */
  readonly triples: readonly number[];
  /** Lines for the log about limits that were raised. */
  readonly raised: readonly string[];
}

export interface Wanted {
  readonly minfds: number;
  readonly minprocs: number;
  /** The soft limits that supervisord was started with; Infinity: none. */
  readonly openFiles: number;
  readonly processes: number;
}

/** Supervisor's message about a limit that it cannot raise. */
export class LimitError extends Error {}

const numbers = { RLIMIT_NPROC: 6, RLIMIT_NOFILE: 7 } as const;

/** Who may raise a hard limit: `status` is /proc/self/status, `mostFiles` /proc/sys/fs/nr_open. Root in a container often may not. */
export function mayRaise(
  status: string,
  mostFiles: string,
): (name: keyof typeof numbers, to: number) => boolean {
  const capabilities = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const sysResource = 24n;
  const isMighty = ((capabilities >> sysResource) & 1n) === 1n;
  return (name, to) => isMighty && (name === 'RLIMIT_NPROC' || to <= Number(mostFiles));
}

/** `limits` is /proc/self/limits; `raises` is mayRaise's. @throws LimitError */
export function limitsFor(wanted: Wanted, limits: string, raises: ReturnType<typeof mayRaise>): Limits {
  const triples: number[] = [];
  const raised: string[] = [];
  const take = (
    name: keyof typeof numbers,
    label: string,
    soft: number,
    least: number,
    what: readonly string[],
  ) => {
    let hard = hardLimit(limits, label);
    if (soft < least) {
      if (hard < least) {
        // Supervisor names the limit that it has tried.
        if (!raises(name, least)) throw new LimitError(complaint(what, least, least));
        hard = least;
      }
      raised.push(`Increased ${name} limit to ${least}`);
    } else if (name === 'RLIMIT_NPROC') return;
    const finite = (limit: number) => (Number.isFinite(limit) ? limit : -1);
    triples.push(numbers[name], finite(Math.max(soft, least)), finite(hard));
  };
  take('RLIMIT_NOFILE', 'Max open files', wanted.openFiles, wanted.minfds, [
    'number of file descriptors required to run this process',
    'minfds',
    'open',
    'file descriptors',
    'usable file descriptors',
    'process',
  ]);
  take('RLIMIT_NPROC', 'Max processes', wanted.processes, wanted.minprocs, [
    'number of available processes required to run this program',
    'minprocs',
    'open',
    'processes',
    'usable processes',
    'program',
  ]);
  return { triples, raised };
}

function complaint(
  [what, key, verb, things, usable, it]: readonly string[],
  least: number,
  hard: number,
): string {
  return (
    `The minimum ${what} is ${least} as per the "${key}" command-line argument or config file setting. ` +
    `The current environment will only allow you to ${verb} ${hard} ${things}.  Either raise the number of ${usable} ` +
    `in your environment (see README.rst) or lower the ${key} setting in the config file to allow the ${it} to start.`
  );
}

function hardLimit(limits: string, label: string): number {
  return limitIn(limits, label, 2);
}

export function softLimit(limits: string, label: string): number {
  return limitIn(limits, label, 1);
}

/** A limit from proc_pid_limits(5); Infinity for "unlimited". */
function limitIn(limits: string, label: string, column: 1 | 2): number {
  const found = new RegExp(`^${label}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(limits)?.[column];
  return found === undefined || found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
}
