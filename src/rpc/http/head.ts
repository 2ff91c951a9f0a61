// Reads the head of a request as Supervisor's HTTP server (Medusa) does: clients rely on what Medusa accepts, and probes on what it
// refuses. Pure.

export interface Head {
  /** The request line. */
  readonly request: string;
  readonly command: string;
  readonly uri: string;
  /** "1.1"; null: the request line has none. */
  readonly version: string | null;
  /** Lines. A line that continues another is joined to it. */
  readonly lines: readonly string[];
}

const requestLine = /^([^ ]+) ([^ ]+)(?: HTTP\/([0-9.]+))?$/;

/** `bytes`: everything before the empty line. null: Medusa would close the connection. */
export function crackHead(bytes: Buffer): Head | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  const all = text.split('\r\n');
  // Clients end bodies, and tail's client its head, with one empty line too many.
  const start = all.findIndex(line => line !== '');
  const match = start < 0 ? null : requestLine.exec(all[start] ?? '');
  const lines = match === null ? null : joined(all.slice(start + 1));
  if (match === null || lines === null) return null;
  const [, command = '', uri = '', version = null] = match;
  return { request: all[start] ?? '', command, uri: unquotePath(uri), version, lines };
}

/** The value of the header "Name: value"; null: there is none. */
export function header({ lines }: Head, name: string): string | null {
  const start = `${name.toLowerCase()}: `;
  const line = lines.find(line => line.slice(0, start.length).toLowerCase() === start);
  return line === undefined ? null : line.slice(start.length);
}

/** The path without parameters, query and fragment, unquoted once more, without leading slashes. */
export function pathOf({ uri }: Head): string {
  const path = /^[^;?#]*/.exec(uri)?.[0] ?? '';
  return unquote(path).replace(/^\/+/, '');
}

function joined(lines: readonly string[]): string[] | null {
  const result: string[] = [];
  for (const line of lines) {
    if (line === '') return null;
    if (line[0] !== ' ' && line[0] !== '\t') result.push(line);
    else if (result.length === 0) return null;
    else result.push(`${result.pop()}${line.slice(1)}`);
  }
  return result;
}

function unquotePath(uri: string): string {
  const mark = uri.lastIndexOf('?');
  return mark < 0 ? unquote(uri) : `${unquote(uri.slice(0, mark))}${uri.slice(mark)}`;
}

/** Python's urllib.parse.unquote: bytes that are no UTF-8 become U+FFFD. */
function unquote(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, escaped =>
    Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
