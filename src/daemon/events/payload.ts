// Events as listeners read them: the payload, and the header in front of it (supervisor/events.py; process.py, _eventEnvelope). Pure.

import { isAscii } from 'node:buffer';
import type { Event } from '../../protocol/events.ts';
import { nameOfEvent, type ProcessStateEvent } from '../../protocol/events.ts';
import { decoded } from '../../words/python-repr.ts';

export function payloadOf(event: Event): string {
  switch (event.kind) {
    case 'process-state': {
      const { process, group, from } = event;
      return [`processname:${process} groupname:${group} from_state:${from}`, ...further(event)].join(' ');
    }
    case 'process-log':
      return `${firstLineOf(event)}${decoded(event.data)}`;
    case 'process-communication':
      return `${aboutRun(event)}\n${decoded(event.data)}`;
    case 'remote-communication':
      return `type:${event.type}\n${event.data}`;
    case 'supervisor-state':
      return '';
    case 'tick':
      return `when:${event.when}`;
    case 'process-group':
      return `groupname:${event.group}\n`;
  }
}

function further({ to, tries, expected, pid, idle }: ProcessStateEvent): string[] {
  switch (to) {
    case 'STARTING':
    case 'BACKOFF':
      return [`tries:${tries}`];
    case 'EXITED':
      return [`expected:${expected ? 1 : 0}`, `pid:${pid}`];
    case 'RUNNING':
      return [`pid:${pid}`];
    case 'STOPPING':
    case 'STOPPED':
      return [`pid:${pid}`, ...(idle ? ['idle:1'] : [])];
    default:
      return [];
  }
}

function firstLineOf(event: Event & { readonly kind: 'process-log' | 'process-communication' }): string {
  return `${aboutRun(event)} channel:${event.channel}\n`;
}

function aboutRun({ process, group, pid }: { process: string; group: string; pid: number }): string {
  return `processname:${process} groupname:${group} pid:${pid}`;
}

export interface Envelope {
  /** The server's own name: Supervisor's "identifier". */
  readonly server: string;
  readonly pool: string;
  readonly serial: number;
  readonly poolSerial: number;
}

/** Characters that are two of JavaScript's. */
const pairs = /[\ud800-\udbff][\udc00-\udfff]/g;

/** The bytes for a listener's standard input. `len` counts characters, not bytes, as Supervisor's does under Python 3. */
export function messageOf(event: Event, { server, pool, serial, poolSerial }: Envelope): Buffer {
  const header = (length: number) =>
    `ver:3.0 server:${server} serial:${serial} pool:${pool} poolserial:${poolSerial} eventname:${nameOfEvent(event)} len:${length}\n`;
  if (event.kind === 'process-log' && isAscii(event.data)) {
    // There may be much of it, and its length is known without a look at each character.
    const first = firstLineOf(event);
    const head = header(codePoints(first) + event.data.length) + first;
    const length = Buffer.byteLength(head);
    const message = Buffer.allocUnsafe(length + event.data.length);
    message.write(head);
    message.set(event.data, length);
    return message;
  }
  const payload = payloadOf(event);
  return Buffer.from(header(codePoints(payload)) + payload);
}

function codePoints(text: string): number {
  return Buffer.byteLength(text) === text.length
    ? text.length
    : text.length - (text.match(pairs)?.length ?? 0);
}
