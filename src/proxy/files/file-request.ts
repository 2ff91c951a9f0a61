// What is asked of the files: one request for a path below a location. Data alone.

import type { Location } from '../../model/host.ts';
import type { Accepted, Exchange } from '../request/exchange.ts';

export interface FileRequest {
  readonly exchange: Exchange;
  readonly accepted: Accepted;
  readonly location: Location;
  /** Decoded and resolved; begins with the location's prefix. */
  readonly path: string;
  readonly method: string;
  /** Content-Type; null: by the file's name. */
  readonly type: string | null;
  /** Fields to send besides: name and value in turn. */
  readonly extra: readonly string[];
  /** Whether the file is sent as it is, whatever compressed ones lie beside it. */
  readonly plain?: boolean;
}
