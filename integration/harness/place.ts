// One test's own place: a directory that every user may enter, a mark for its processes, and the end of both.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { killMarked, type Mark, marked } from './processes.ts';
import { until } from './until.ts';

export interface Place {
  /** /tmp/hostd-test-XXXXXX, mode 0755, owned by the user of the test; short, because unix sockets' paths must be. */
  readonly dir: string;
  readonly mark: Mark;
  /** HOSTD_TEST=ID, for the environment of everything that the test starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs when the test ends. The last one registered runs first. */
  after(action: () => void | Promise<void>): void;
  /** Processes that outlive the test are killed without an error: the test has killed the hostd that would have ended them. */
  expectLeftovers(expected: boolean): void;
  /** Writes a file below `dir`, with the directories on the way. Returns its path. */
  write(path: string, text: string | Buffer, mode?: number): string;
  /** Makes a directory below `dir`. Returns its path. */
  directory(path: string, mode?: number): string;
}

/** When `t` has ended, the place is removed and its processes are looked for. A process that is left fails the test. */
export function makePlace(t: TestContext): Place {
  process.umask(0o022);
  const dir = mkdtempSync('/tmp/hostd-test-');
  chmodSync(dir, 0o755);
  const id = dir.slice('/tmp/hostd-test-'.length);
  const mark = { environment: `HOSTD_TEST=${id}`, directory: dir };
  const actions: (() => void | Promise<void>)[] = [];
  let leftoversExpected = false;

  t.after(async () => {
    const failures: unknown[] = [];
    for (const action of actions.reverse()) {
      try {
        await action();
      } catch (error) {
        failures.push(error);
      }
    }
    if (!leftoversExpected) await settled(mark);
    const left = killMarked(mark);
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    if (left.length > 0 && !leftoversExpected) {
      failures.push(
        new Error(`left behind: ${left.map(({ pid, command }) => `${pid} (${command})`).join(', ')}`),
      );
    }
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
  });

  const directory = (path: string, mode = 0o755) => {
    const full = join(dir, path);
    mkdirSync(full, { recursive: true, mode });
    return full;
  };
  return {
    dir,
    mark,
    env: { HOSTD_TEST: id },
    after: action => void actions.push(action),
    expectLeftovers: expected => {
      leftoversExpected = expected;
    },
    write(path, text, mode = 0o644) {
      directory(dirname(path));
      const full = join(dir, path);
      writeFileSync(full, text, { mode });
      chmodSync(full, mode);
      return full;
    },
    directory,
  };
}

/** The kernel takes a moment to remove a killed process. */
async function settled(mark: Mark): Promise<void> {
  await until('the processes of the test to end', () => marked(mark).length === 0, { timeout: 10_000 }).catch(
    () => {},
  );
}
