// TICK_5, TICK_60 and TICK_3600: when the clock passes a multiple of the period. Without a listener there is no timer.

import { type TickPeriod, tickPeriods } from '../../protocol/events.ts';
import type { Bus } from './bus.ts';

export interface Ticks {
  /** `wanted`: whether a listener wants ticks of this period. */
  set(wanted: (period: TickPeriod) => boolean): void;
}

export function makeTicks(bus: Bus): Ticks {
  const timers = new Map<TickPeriod, NodeJS.Timeout>();
  const arm = (period: TickPeriod) => {
    const last = sliceOf(period);
    const wait = (last + period) * 1000 - Date.now();
    const timer = setTimeout(() => {
      // The timer may fire a moment early, and the clock may have been set.
      const when = sliceOf(period);
      arm(period);
      if (when !== last) bus.emit({ kind: 'tick', period, when });
    }, wait);
    timers.set(period, timer);
  };
  return {
    set(wanted) {
      for (const period of tickPeriods) {
        const timer = timers.get(period);
        if (wanted(period) === (timer !== undefined)) continue;
        clearTimeout(timer);
        timers.delete(period);
        if (timer === undefined) arm(period);
      }
    },
  };
}

/** The last multiple of the period, in seconds. */
function sliceOf(period: number): number {
  const now = Math.floor(Date.now() / 1000);
  return now - (now % period);
}
