// hostd-rpc: speaks XML-RPC with Supervisor's clients on inherited sockets, and asks root for what they want. It has no
// rights of its own, knows the passwords, and ends with the hostd that has started it, or to rest (rest.ts).

import { closeSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import { loadBareSockets } from '../native/bare-sockets.ts';
import { native } from '../native/index.ts';
import { givesMemoryBack } from '../native/memory.ts';
import { nameProcess } from '../process-name.ts';
import type { RpcSettings } from '../protocol/rpc.ts';
import { makeAdmission } from './admission.ts';
import { serveQuietly } from './http/connection.ts';
import { makeRest } from './rest.ts';
import { openRoot } from './root.ts';
import { makeService } from './service.ts';

const settingsFd = 3;
const asksFd = 4;
const repliesFd = 5;

async function run(): Promise<void> {
  nameProcess('hostd-rpc');
  // A disk that is full takes away the log, and nothing else.
  process.stderr.on('error', () => {});
  if (process.getuid?.() === 0)
    throw new Error('cannot run hostd-rpc as root: it reads what strangers send\n  try: hostd start');
  const settings = JSON.parse(readFileSync(settingsFd, 'utf8')) as RpcSettings;
  closeSync(settingsFd);
  // Its memory has passwords in it. Stays open where hostd runs as the same user: it looks in.
  if (process.env['HOSTD_CLOSE_MEMORY'] === '1') loadBareSockets()?.closeMemory();
  const root = await openRoot(asksFd, repliesFd, () => process.exit(0));
  const service = makeService(root, complain);
  const admission = makeAdmission();
  const servers: Server[] = [];
  const busy = givesMemoryBack({ interval: 2000, worth: 100 });
  const rest = makeRest(() => {
    // Whoever connects from now on is not accepted here, and waits for the next hostd-rpc.
    for (const server of servers) server.close();
    process.exit(0);
  });
  for (const server of settings.servers) {
    const listening = createServer({ allowHalfOpen: true }, socket => {
      busy();
      socket.once('close', rest.come());
      const uid = server.kind === 'unix' ? peerOf(socket) : null;
      const peer =
        server.kind === 'unix'
          ? { host: 'localhost', port: 0 }
          : { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      if (admission.admit(socket, uid))
        serveQuietly(socket, { uid, peer, login: server.login }, service, complain);
    })
      .on('error', error => complain(`cannot accept for ${server.name}: ${messageOf(error)}`))
      .listen({ fd: server.fd });
    servers.push(listening);
  }
  process.on('SIGUSR2', rest.hurry);
  // It ends when root does, and no earlier: its last answer may be to a shutdown.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
}

function complain(why: string): void {
  process.stderr.write(`hostd-rpc: ${why}\n`);
}

/** null: the kernel does not tell. */
function peerOf(socket: Socket): number | null {
  const { _handle: handle } = socket as unknown as { _handle: { fd: number } };
  try {
    return native.peer(handle.fd).uid;
  } catch {
    return null;
  }
}

run().catch(error => {
  complain(messageOf(error));
  process.exit(1);
});
