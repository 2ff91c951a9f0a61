// The word by which one request is found again in the logs of the proxy, of the app, and of a proxy in front.

import { randomBytes } from 'node:crypto';

/** Differs for each worker process, so that no two of them make the same words. */
const prefix = randomBytes(8).toString('hex');
let made = 0;

export function makeRequestId(): string {
  return `${prefix}-${++made}`;
}

/** Whether a name that a client, or a proxy in front, gives its request is one harmless word. The choice is theirs beyond that. */
export function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,128}$/.test(text);
}
