// The options of hostd supervisord that supervisord does not have: --lenient, and those of the hand-over to hostd.toml. Pure.

import { usage } from '../../supervisord/config/options.ts';

/** Options that supervisord does not have. */
export interface OwnOptions {
  readonly lenient: boolean;
  readonly handOver: boolean;
  readonly isDry: boolean;
  /** hostd.toml. */
  readonly config: string;
  /** Supervisor's own. */
  readonly rest: readonly string[];
}

/**
 * Takes hostd's own options from among Supervisor's. `program` is the name that it was called by, `environment` its own. @throws Exit
 */
export function ownOptions(
  args: readonly string[],
  program: string,
  environment: Readonly<Record<string, string>>,
): OwnOptions {
  const [lenient, handOver, isDry, to] = ['--lenient', '--hand-over', '--dry-run', '--to'];
  const isOver = args.includes(handOver);
  const at = isOver ? args.indexOf(to) : -1;
  const config = at < 0 ? undefined : args[at + 1];
  if (at >= 0 && config === undefined) throw usage('option --to requires argument', program);
  const isOwn = (word: string, index: number) =>
    word === lenient ||
    word === handOver ||
    (isOver && word === isDry) ||
    (at >= 0 && (index === at || index === at + 1));
  return {
    lenient: args.includes(lenient),
    handOver: isOver,
    isDry: args.includes(isDry),
    config: config ?? environment['HOSTD_CONFIG'] ?? '/etc/hostd/hostd.toml',
    rest: args.filter((word, index) => !isOwn(word, index)),
  };
}
