// setTimeout for any time: Node's own ends at once when its time is longer than 24.8 days, so that a long stopwaitsecs would kill at once.

/** Milliseconds, the most that setTimeout takes. */
const most = 2 ** 31 - 1;

/** `ms`: milliseconds. The timer is cleared by clearTimeout, as any. */
export function setLongTimeout(then: () => void, ms: number, longest = most): NodeJS.Timeout {
  let parts = Math.max(1, Math.ceil(ms / longest));
  const timer = setTimeout(() => {
    parts -= 1;
    if (parts > 0) timer.refresh();
    else then();
  }, ms / parts);
  return timer;
}
