// When hostd-rpc may end: nobody has been connected for long. Its sockets are root's, so the next client waits there until root has
// started it again. Knows no socket.

/** Milliseconds without a client. */
export const restMs = 5 * 60_000;

export interface Rest {
  /** A client has connected. The returned function is called once, when it has left. */
  come(): () => void;
  /** Ends as soon as nobody is connected, as if nobody had come for long. */
  hurry(): void;
}

/** `end` is called once. */
export function makeRest(end: () => void): Rest {
  let present = 0;
  let isHurried = false;
  const wait = () => setTimeout(end, isHurried ? 0 : restMs);
  let timer: NodeJS.Timeout | null = wait();
  const stay = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    come() {
      present += 1;
      stay();
      return () => {
        present -= 1;
        if (present === 0) timer = wait();
      };
    },
    hurry() {
      isHurried = true;
      if (timer === null) return;
      stay();
      timer = wait();
    },
  };
}
