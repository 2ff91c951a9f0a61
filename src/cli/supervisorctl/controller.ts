// Shared by supervisorctl's actions: the server, the exit code, and the messages where there is no server.

import { faultCodes } from '../../protocol/rpc.ts';
import { repr } from '../../words/python.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import { isStruct } from '../../xmlrpc/values.ts';
import { BadStatus, call, Fault, type Login, Unreachable } from './server.ts';

/** LSB's exit codes of init scripts, and of their `status`. */
export const exits = {
  generic: 1,
  invalidArgs: 2,
  unimplemented: 3,
  insufficientPrivileges: 4,
  notInstalled: 5,
  notRunning: 7,
  statusNotRunning: 3,
  statusUnknown: 4,
} as const;

const dead: readonly number[] = [
  faultCodes.SPAWN_ERROR,
  faultCodes.ABNORMAL_TERMINATION,
  faultCodes.NOT_RUNNING,
];

/** The user or script on the other side, and how to talk to it. */
export interface Terminal {
  write(text: string): void;
  /** A line of input after a prompt; null: there are no more. */
  ask(prompt: string): Promise<string | null>;
  /** The same, without an echo where there is a terminal. */
  askHidden(prompt: string): Promise<string | null>;
  /** Calls back on Ctrl-C, until the returned function is called. */
  onInterrupt(stop: () => void): () => void;
}

export class Controller {
  login: Login;
  exit = 0;
  readonly interactive: boolean;
  readonly terminal: Terminal;

  constructor(login: Login, interactive: boolean, terminal: Terminal) {
    this.login = login;
    this.interactive = interactive;
    this.terminal = terminal;
  }

  say(message: string): void {
    this.terminal.write(`${message}\n`);
  }

  call(method: string, ...params: readonly Value[]): Promise<Value> {
    return call(this.login, `supervisor.${method}`, ...params);
  }

  async structs(method: string, ...params: readonly Value[]): Promise<readonly Struct[]> {
    const value = await this.call(method, ...params);
    return Array.isArray(value) ? value.filter(isStruct) : [];
  }

  /** Whether there is a server of a version that it understands. If not, it has said why. */
  async isUp(): Promise<boolean> {
    const { serverurl } = this.login;
    try {
      const version = await this.call('getVersion');
      if (version === '3.0') return true;
      this.say(
        `Sorry, this version of supervisorctl expects to talk to a server with API version 3.0, but the remote version is ${String(version)}.`,
      );
      this.exit = exits.notInstalled;
      return false;
    } catch (error) {
      if (error instanceof Fault && error.code === faultCodes.UNKNOWN_METHOD) {
        this.say(
          'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).',
        );
        this.exit = exits.unimplemented;
        return false;
      }
      if (error instanceof Unreachable && error.errno === 'ECONNREFUSED') {
        this.say(`${serverurl} refused connection`);
        this.exit = exits.insufficientPrivileges;
        return false;
      }
      if (error instanceof Unreachable && error.errno === 'ENOENT') {
        this.say(`${serverurl} no such file`);
        this.exit = exits.notRunning;
        return false;
      }
      this.exit = exits.generic;
      throw error;
    }
  }

  /** Sets the exit code for a fault. A later success does not change it back. */
  note(fault: number, ignored?: number): void {
    if (fault === ignored || fault === faultCodes.SUCCESS) return;
    this.exit = dead.includes(fault) ? exits.notRunning : exits.generic;
  }
}

/** Supervisor's message for an unforeseen error, with Python's names and Debian's paths. */
export function unforeseen(error: unknown): string {
  const at = (type: string, text: string, file: string, line: number) =>
    `error: <class '${type}'>, ${text}: file: ${file} line: ${line}`;
  const transport = '/usr/lib/python3/dist-packages/supervisor/xmlrpc.py';
  if (error instanceof Unreachable) {
    const [type, text] = unreachable[error.errno] ?? ['OSError', error.errno];
    return at(type, text, transport, 557);
  }
  if (error instanceof BadStatus)
    return at(
      'xmlrpc.client.ProtocolError',
      `<ProtocolError for 127.0.0.1/RPC2: ${error.status} ${error.reason}>`,
      transport,
      539,
    );
  if (error instanceof Fault)
    return at(
      'xmlrpc.client.Fault',
      `<Fault ${error.code}: ${repr(error.text)}>`,
      '/usr/lib/python3.11/xmlrpc/client.py',
      668,
    );
  if (error instanceof UnknownResult)
    return at(
      'ValueError',
      error.message,
      '/usr/lib/python3/dist-packages/supervisor/supervisorctl.py',
      error.line,
    );
  return `error: ${error instanceof Error ? error.message : String(error)}`;
}

const unreachable: Readonly<Record<string, readonly [type: string, text: string]>> = {
  ECONNREFUSED: ['ConnectionRefusedError', '[Errno 111] Connection refused'],
  ENOENT: ['FileNotFoundError', '[Errno 2] No such file or directory'],
  EACCES: ['PermissionError', '[Errno 13] Permission denied'],
  ECONNRESET: ['ConnectionResetError', '[Errno 104] Connection reset by peer'],
  ETIMEDOUT: ['TimeoutError', '[Errno 110] Connection timed out'],
  ENOTFOUND: ['socket.gaierror', '[Errno -2] Name or service not known'],
};

/** A fault that an action has no message for. */
export class UnknownResult extends Error {
  readonly line: number;
  constructor(code: number, name: string, line: number) {
    super(`Unknown result code ${code} for ${name}`);
    this.line = line;
  }
}

/** The text of a struct's member. */
export function textIn(struct: Struct, name: string): string {
  const value = struct.get(name);
  return typeof value === 'string' ? value : '';
}

export function numberIn(struct: Struct, name: string): number {
  const value = struct.get(name);
  return typeof value === 'number' ? value : 0;
}

/** Words of an argument, as Python's split(). */
export function wordsOf(arg: string): string[] {
  return arg.split(/\s+/).filter(Boolean);
}
