// What happens, told to whoever listens, in the order in which it happens. Keeps nothing.

import type { Event } from '../../protocol/events.ts';

export interface Bus {
  emit(event: Event): void;
  /** Until the returned function is called. What it throws is nobody else's trouble. */
  listen(hear: (event: Event) => void): () => void;
}

/** `failed` is told of what a listener throws: a fault of hostd's own. */
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
