// The word by which one request is found again in the logs of the proxy, of the app, and of whoever is in front.

import { randomBytes } from 'node:crypto';

/** One worker's at one time, so that neither another worker nor the next one makes the same words. */
const prefix = randomBytes(8).toString('hex');
let made = 0;

export function makeRequestId(): string {
  return `${prefix}-${++made}`;
}

/** What a client, or a proxy in front, calls its request: anybody's to choose, as long as it is one harmless word. */
export function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,128}$/.test(text);
}
