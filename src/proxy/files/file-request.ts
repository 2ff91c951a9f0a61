// What is asked of the files: one request for a path below a location. Data alone.

import type { Location } from '../../model/host.ts';
import type { Accepted, Exchange } from '../request/exchange.ts';

export interface FileRequest {
  readonly exchange: Exchange;
  readonly accepted: Accepted;
  readonly location: Location;
  /** Decoded and resolved. Begins with the location's prefix. */
  readonly path: string;
  readonly method: string;
  /** Content-Type; null: the type is taken from the file's name. */
  readonly type: string | null;
  /** More fields to send: name, value, name, value ... */
  readonly extra: readonly string[];
  /** Whether the file itself is sent, never a compressed variant. */
  readonly plain?: boolean;
}
