// Where the visitors of a program that sleeps wait: in its socket, which hostd holds and watches, and a keeper holds too, for the time in
// which there may be no hostd. Who sleeps, and when, is decided elsewhere (sleepers.ts).

import { closeSync, fstatSync } from 'node:fs';
import type { Generation } from '../../lifecycle/service.ts';
import type { Program, UnixSocket } from '../../model/host.ts';
import { native, type Watch } from '../../native/index.ts';
import type { Run } from '../runs/run.ts';
import { closeShared } from '../sockets/socket-identity.ts';
import type { SocketRights, Sockets } from '../sockets/sockets.ts';
import { attendKeeper, type Keeper, type KeeperContext, startKeeper } from './keeper.ts';
import type { Entry } from './loop.ts';
import type { Made } from './unit.ts';

export interface WaitingRoom {
  /** The program sleeps: its socket is there, and the first visitor is told of, once. */
  open(entry: Entry, program: Program): void;
  /** Whoever connects from now on finds a new socket. Returns the inode of the one that the program has. @throws HostdError */
  divert(entry: Entry, program: Program, socket: UnixSocket): number;
  /** Nobody looks for visitors any more; the keeper stays. */
  close(): void;
  /** A run has the socket, or nobody is to wait in it. */
  endKeeper(): void;
  /** Takes over a keeper of an earlier hostd, by the name of its record. `fd`: its socket; undefined: it is not held, and the keeper ends. */
  adopt(name: string, run: Run, fd: number | undefined): void;
}

export interface WaitingRoomContext extends KeeperContext {
  readonly sockets: Sockets;
  /** @throws HostdError for a user that is none. */
  readonly rightsOf: (program: Program) => SocketRights;
  /** Says in the log what is wrong with the program's sleep. */
  readonly complain: (program: Program, what: string, error: unknown) => void;
  readonly onVisitor: (program: Program) => void;
  /** Called when the room cannot be opened: the program must not sleep. */
  readonly onNoSocket: (program: Program) => void;
}

/** The room of one program. */
export function makeWaitingRoom(context: WaitingRoomContext): WaitingRoom {
  const { sockets, rightsOf, complain } = context;
  let watched: { readonly path: string; readonly epoll: number; readonly watch: Watch } | null = null;
  let keeper: Keeper | null = null;

  const forget = (ended: Keeper) => {
    if (keeper === ended) keeper = null;
  };
  const close = () => {
    if (watched === null) return;
    native.unwatch(watched.watch);
    closeSync(watched.epoll);
    watched = null;
  };
  /** From now on the socket outlives hostd. */
  const keep = ({ service }: Entry, program: Program, listener: number) => {
    if (keeper?.inode === fstatSync(listener).ino) return;
    // One that is about to end still has its record and its cgroup.
    const number = Math.max(service.lastRun, (keeper?.number ?? -1) + 1);
    keeper?.end();
    keeper = null;
    try {
      keeper = startKeeper(program, number, listener, context, forget);
    } catch (error) {
      complain(program, 'sleeps, but were hostd killed, its visitors would be refused', error);
    }
  };

  return {
    open(entry, program) {
      const { socket } = program;
      if (socket === null || watched?.path === socket.path) return;
      close();
      try {
        const { owner, clients } = rightsOf(program);
        const listener = sockets.unix(socket, owner, clients);
        keep(entry, program, listener);
        const epoll = native.epoll(listener);
        const watch = native.watch(epoll, () => {
          close();
          context.onVisitor(program);
        });
        watched = { path: socket.path, epoll, watch };
      } catch (error) {
        complain(program, 'cannot sleep without its socket, and is started', error);
        context.onNoSocket(program);
      }
    },
    divert(entry, program, socket) {
      const run = entry.units.get(entry.service.current?.id ?? 0)?.run;
      const given = run?.sockets?.find(({ key }) => key === socket.path)?.inode;
      const held = sockets.held().get(socket.path);
      // An earlier hostd has come as far, and the keeper's socket is what visitors find.
      if (given !== undefined && held !== undefined && fstatSync(held).ino !== given) {
        keep(entry, program, held);
        return given;
      }
      const { owner, clients } = rightsOf(program);
      const former = sockets.renew(socket, owner, clients, listener => keep(entry, program, listener));
      if (former === null) return given ?? 0;
      const { ino } = fstatSync(former);
      closeShared(former);
      return ino;
    },
    close,
    endKeeper: () => keeper?.end(),
    adopt(name, run, fd) {
      const inode = fd === undefined ? 0 : fstatSync(fd).ino;
      keeper = attendKeeper(name, run, inode, context, forget);
      if (fd === undefined) keeper.end();
    },
  };
}

/** Whether the keeper is still needed: no run of this generation has the socket yet. */
export function isKept({ state }: Generation<Made>): boolean {
  return state.kind === 'starting' && state.since === null;
}
