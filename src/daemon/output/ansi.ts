// Takes colours and cursor movements out of a program's output, as Supervisor does, byte for byte and with its faults
// (supervisor/dispatchers.py, stripEscapes). Each piece is looked at by itself. Pure.

const begin = Buffer.from('\u001b[');
const terminators = new Set(Buffer.from('HfABCDRsuJKhlpm'));

export function stripEscapes(data: Buffer): Buffer {
  const kept: Buffer[] = [];
  let shows = true;
  for (let at = 0; at < data.length; at += 1) {
    if (!shows && terminators.has(data[at] ?? 0)) shows = true;
    else if (shows) {
      const next = data.indexOf(begin, at);
      kept.push(data.subarray(at, next < 0 ? data.length : next));
      if (next < 0) break;
      at = next;
      shows = false;
    }
  }
  return Buffer.concat(kept);
}
