// The lines that hostd-rpc may send to root, each checked against protocol/rpc.ts. Pure.

import { type AskKind, type Asks, longestSaid, type RpcLine } from '../../protocol/rpc.ts';

type Fields = { readonly [key: string]: unknown };

/** The line, with only the fields of its kind; null: the text is not exactly such a line. */
export function decodeLine(text: string): RpcLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isFields(value) || !isNatural(value['id']) || typeof value['kind'] !== 'string') return null;
  const { id, kind, uid, ask } = value as Fields & { id: number; kind: string };
  if (kind === 'next' || kind === 'cancel') return { id, kind };
  if (kind === 'say') return saidIn(value);
  if (!Object.hasOwn(asks, kind) || !isFields(ask) || !(uid === null || isNatural(uid))) return null;
  const read = asks[kind as AskKind](ask);
  return read === null ? null : ({ id, uid, kind, ask: read } as RpcLine);
}

type Readers = { readonly [K in AskKind]: (ask: Fields) => Asks[K]['ask'] | null };

const none = () => ({});

const asks: Readers = {
  processes: ({ groups }) =>
    groups === null || (Array.isArray(groups) && groups.every(isText))
      ? { groups: groups as string[] | null }
      : null,
  configurations: none,
  start: ask => {
    const order = orderOf(ask);
    return order && { ...order, isOneOfMany: ask['isOneOfMany'] === true };
  },
  stop: orderOf,
  signal: ask => {
    const process = processOf(ask);
    return process !== null && isNatural(ask['signal']) ? { ...process, signal: ask['signal'] } : null;
  },
  reread: none,
  addGroup: groupOf,
  removeGroup: groupOf,
  readLog: ask => {
    const log = logOf(ask['log']);
    const { offset, length } = ask;
    return log !== null && Number.isSafeInteger(offset) && isNatural(length)
      ? { log, offset: offset as number, length }
      : null;
  },
  clearLog: ask => (ask['log'] === 'main' ? { log: 'main' } : processOf(ask)),
  follow: ask => {
    const log = logOf(ask['log']);
    return log !== null && isNatural(ask['bytes']) ? { log, bytes: ask['bytes'] } : null;
  },
  writeStdin: ask => {
    const process = processOf(ask);
    return process !== null && isText(ask['bytes']) ? { ...process, bytes: ask['bytes'] } : null;
  },
  remoteEvent: ({ type, data }) => (isText(type) && isText(data) ? { type, data } : null),
  shutdown: none,
  restart: none,
};

function saidIn({ level, text }: Fields): RpcLine | null {
  const isLevel = level === 'trace' || level === 'error' || level === 'critical';
  return isLevel && isText(text) && text.length <= longestSaid ? { id: 0, kind: 'say', level, text } : null;
}

function processOf({ group, name }: Fields): { group: string; name: string } | null {
  return isText(group) && isText(name) ? { group, name } : null;
}

function orderOf(ask: Fields): Asks['stop']['ask'] | null {
  const process = processOf(ask);
  return process !== null && typeof ask['wait'] === 'boolean' ? { ...process, wait: ask['wait'] } : null;
}

function groupOf({ group }: Fields): { group: string } | null {
  return isText(group) ? { group } : null;
}

function logOf(value: unknown): Asks['readLog']['ask']['log'] | null {
  if (value === 'main') return value;
  const process = isFields(value) ? processOf(value) : null;
  const channel = isFields(value) ? value['channel'] : null;
  return process !== null && (channel === 'stdout' || channel === 'stderr') ? { ...process, channel } : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
