// Errors of operations: a code for programs, a message for people, a hint that says the next move.
// A wrong configuration is a Problem (model/problem.ts); a program's death is an event. Neither is an error.

export type ErrorCode =
  | 'usage' // exit 2
  | 'config' // the configuration has errors
  | 'no-daemon' // nobody answers on the control socket
  | 'permission'
  | 'unknown-name'
  | 'conflict' // another process holds a socket, a lock, a file
  | 'failed';

export class HostdError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HostdError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The `code` of a node:fs or native error ("ENOENT"), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The next move, where the error knows one. */
export function hintOf(error: unknown): string | undefined {
  return error instanceof HostdError ? error.hint : undefined;
}
