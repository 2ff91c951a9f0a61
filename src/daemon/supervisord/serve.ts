// The servers of a start: opened by the process that the user has started, and inherited by the daemon that it becomes. What Supervisor
// logs of them is logged here.

import { native } from '../../native/index.ts';
import { type Realized, usage } from '../../supervisord/config/options.ts';
import { repr } from '../../words/python.ts';
import type { MainLog } from './log.ts';
import { listenerOf, type OpenServer, openServer, ServerError, wordsOfMedusa } from './server-sockets.ts';

/** Opens the sockets of the configuration's servers. `program` is the name that it was called by. @throws Exit */
export function serve(real: Realized, program: string, main: MainLog): OpenServer[] {
  try {
    const { servers, interfaces, interfaceOptions } = real.configuration;
    const say = (text: string) => void process.stderr.write(text);
    return servers.map(server => {
      const open = openServer(server, say);
      main.log.trace(wordsOfMedusa(server, new Date()));
      for (const name of interfaces) {
        const [more] = interfaceOptions.get(name) ?? [];
        if (more !== undefined) {
          main.log.warn(`make_main_rpcinterface() got an unexpected keyword argument ${repr(more)}`);
          throw new ServerError(`Could not make ${name} rpc interface`);
        }
        main.log.info(`RPC interface ${repr(name)} initialized`);
      }
      if (!server.username)
        main.critical(`Server ${repr(server.section)} running without any HTTP authentication checking`);
      return open;
    });
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    main.flush();
    throw usage(error.message, program);
  }
}

/** The sockets that were opened before this process became a daemon. */
export function inherited(real: Realized, fds: readonly number[]): OpenServer[] {
  const { servers } = real.configuration;
  return fds.flatMap((fd, index) => {
    native.cloexec(fd, 1);
    const server = servers[index];
    return server === undefined ? [] : [{ fd, listener: listenerOf(server) }];
  });
}
