// The ends of hostd supervisord: the shutdown, the restart, which begins anew in the same process, and the end that leaves all processes to
// the next one.

import { rmSync } from 'node:fs';
import type { Mood } from '../../protocol/rpc.ts';
import { ConfigError } from '../../supervisord/config/values.ts';
import { detach } from '../fleet/supervisor.ts';
import type { Logger } from '../own/log.ts';
import { notifyRestarting, notifyStopping } from '../own/notify.ts';
import type { SocketNames } from '../sockets/names.ts';
import type { Stage } from './daemonize.ts';
import type { MainLog } from './log.ts';
import { removePlace } from './place.ts';
import type { OpenServer } from './server-sockets.ts';

export interface EndingContext {
  readonly pidfile: string;
  readonly place: string;
  readonly stage: Stage;
  readonly main: MainLog;
  readonly log: Logger;
  readonly servers: readonly OpenServer[];
  readonly names: SocketNames;
  /** The mood has changed. */
  readonly tell: () => void;
  /** Nobody is served any more. */
  readonly unserve: () => void;
  readonly stopEverything: () => Promise<void>;
  /** Whether the configuration could be used. @throws ConfigError */
  readonly assertUsable: () => void;
}

export interface Ending {
  mood(): Mood;
  shutdown(): void;
  restart(): void;
  /** Ends as if it had been killed, but tidily: its processes are the next one's, or another hostd's. */
  leave(): void;
}

export function makeEnding(context: EndingContext): Ending {
  const { pidfile, place, stage, main, log, servers, names } = context;
  let mood: Mood = 1;
  const withdraw = () => {
    for (const { listener } of servers) if ('path' in listener.address) names.remove(listener.address.path);
    rmSync(pidfile, { force: true });
  };
  const becomesAnew = () => {
    main.flush();
    context.unserve();
    withdraw();
    return stage.becomeAgain(place);
  };
  const finish = () => {
    if (mood === 0 && becomesAnew()) return;
    rmSync(pidfile, { force: true });
    // After the answer to the client that has asked for it, and while nobody else can take the sockets.
    setImmediate(() =>
      main.settle(() => {
        removePlace(place);
        process.exit(0);
      }),
    );
  };
  const end = async (next: Mood) => {
    if (mood < 1 && next >= mood) return;
    const isUnderWay = mood < 1;
    mood = next;
    context.tell();
    // A service manager that hears of an end waits for it; of a new beginning it hears by another word.
    (next === 0 ? notifyRestarting : notifyStopping)();
    if (isUnderWay) return;
    await context.stopEverything();
    finish();
  };
  return {
    mood: () => mood,
    shutdown: () => detach(log, end(-1)),
    restart: () => {
      // A configuration that no start could use is reported, and nothing changes.
      try {
        context.assertUsable();
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        log.error(`cannot restart: ${error.message}`);
        return;
      }
      detach(log, end(0));
    },
    leave() {
      main.flush();
      withdraw();
      process.exit(0);
    },
  };
}
