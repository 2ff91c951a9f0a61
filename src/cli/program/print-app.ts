// Prints what an app has written. The user who reads it on a terminal is often root.

import { HarmlessText } from '../../words/harmless-text.ts';
import type { Output } from './output.ts';

/** Prints it as it is where there is no terminal, or with `raw`; else without what would steer the terminal. */
export async function printApp(
  chunks: AsyncIterable<Uint8Array>,
  output: Output,
  raw: boolean,
): Promise<void> {
  const text = output.isTerminal && !raw ? new HarmlessText(output.hasColours) : null;
  try {
    for await (const chunk of chunks) {
      output.write(text === null ? chunk : text.push(chunk));
      await output.drained();
    }
  } finally {
    if (text !== null) output.write(text.end());
  }
}
