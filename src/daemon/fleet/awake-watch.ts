// Watches one program while it runs: once it has been idle for its idle_timeout, that is said.

import type { Service } from '../../lifecycle/service.ts';
import type { Program } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { type Idleness, watchIdleness } from './idleness.ts';
import type { Made } from './unit.ts';

export interface AwakeWatch {
  /** Told of the program after each change. `mayBegin`: a watch may begin now. */
  follow(service: Service<Made>, program: Program, mayBegin: boolean): void;
  /** Called before hostd itself asks the program, which is no visit. Call what it returns when that is over. */
  interrupt(): () => void;
  end(): void;
}

export interface AwakeWatchContext {
  readonly sockets: Sockets;
  readonly log: Logger;
}

/** `onIdle`: Unix time in milliseconds since when. The watch is over by then. */
export function makeAwakeWatch(
  { sockets, log }: AwakeWatchContext,
  onIdle: (program: Program, since: number) => void,
): AwakeWatch {
  let current: { readonly generation: number; readonly timeout: number; readonly idleness: Idleness } | null =
    null;
  /** Why nobody can tell whether it is idle; that is said once. */
  let said: string | null = null;
  const sayUnknown = ({ name }: Program, why: string, hint: string) => {
    if (said === why) return;
    said = why;
    log.error({ program: name }, `${name} stays awake: ${why}\n  try: ${hint}`);
  };
  const end = () => {
    current?.idleness.end();
    current = null;
  };
  return {
    follow(service, program, mayBegin) {
      const { socket, idleTimeout: timeout = null } = program;
      const runs = service.current?.state.kind === 'running' && service.next === null;
      if (!runs || timeout === null || socket === null) return end();
      const generation = service.current.id;
      if (current?.generation === generation && current.timeout === timeout) return;
      end();
      if (!mayBegin) return;
      const idleness = watchIdleness(sockets, socket, timeout, {
        onIdle: since => {
          current = null;
          said = null;
          onIdle(program, since);
        },
        onUnknown: (why, hint) => sayUnknown(program, why, hint),
      });
      current = { generation, timeout, idleness };
    },
    interrupt: () => current?.idleness.interrupt() ?? (() => {}),
    end,
  };
}
