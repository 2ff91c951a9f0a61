// Tells events to its listeners, in the order in which they happen. Keeps nothing.

import type { Happening } from '../../model/happenings.ts';
import type { Event } from '../../protocol/events.ts';

/** Told of what is to be remembered (journal/). */
export type Tell = (happening: Happening) => void;

/** Where nothing is remembered, as Supervisor remembers nothing. */
export const untold: Tell = () => {};

export interface Bus {
  emit(event: Event): void;
  /** Until the returned function is called. An exception of one listener does not affect the others. */
  listen(hear: (event: Event) => void): () => void;
}

/** `failed` is called with a listener's exception, which is a fault of hostd. */
export function makeBus(failed: (error: unknown) => void): Bus {
  const listeners = new Set<(event: Event) => void>();
  return {
    emit(event) {
      for (const hear of listeners) {
        try {
          hear(event);
        } catch (error) {
          failed(error);
        }
      }
    },
    listen(hear) {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}
