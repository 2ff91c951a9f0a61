// One request to one line of nginx's "combined" format, byte for byte, so existing log readers go on working. Pure.

export interface LoggedRequest {
  readonly remoteAddress: string;
  /** The Authorization header, for the user name of Basic. */
  readonly authorization: string | null;
  /** "GET /path HTTP/1.1" as received. */
  readonly requestLine: string;
  readonly status: number;
  /** Bytes of the body as they went out: chunk framing counts, the header does not. */
  readonly bodyBytes: number;
  readonly referer: string | null;
  readonly userAgent: string | null;
}

/** `time`: localTime() of the moment of logging. `requestId`: one more field at the end ("combined_id"). */
export function accessLogLine(request: LoggedRequest, time: string, requestId: string | null = null): string {
  const user = request.authorization === null ? '-' : escaped(basicUser(request.authorization));
  return (
    `${request.remoteAddress} - ${user} [${time}] "${escaped(request.requestLine)}" ${request.status} ` +
    `${request.bodyBytes} "${escaped(request.referer)}" "${escaped(request.userAgent)}"` +
    `${requestId === null ? '' : ` "${escaped(requestId)}"`}\n`
  );
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** nginx's $time_local: 22/Nov/2026:11:09:57 +0000. */
export function localTime(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const offset = -now.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(now.getDate())}/${months[now.getMonth()]}/${now.getFullYear()}`;
  return `${day}:${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())} ${zone}`;
}

/** Anything but printable ASCII without quotes and backslashes. */
const odd = /[^ !#-[\]-~]/;

/** Escapes one latin-1 text as nginx does; null is "-". Works in bytes: a client may send a text that has to be escaped throughout. */
function escaped(text: string | null): string {
  if (text === null) return '-';
  if (!odd.test(text)) return text;
  const bytes = Buffer.allocUnsafe(text.length * 4);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 32 && code < 127 && code !== 34 && code !== 92) {
      bytes[length++] = code;
    } else if (code > 255) {
      bytes[length++] = 63; // "?": the character is no byte of a request
    } else {
      bytes[length++] = 92;
      bytes[length++] = 120;
      bytes[length++] = hexDigit(code >> 4);
      bytes[length++] = hexDigit(code & 15);
    }
  }
  return bytes.toString('latin1', 0, length);
}

/** The character code of 0 to 9, A to F. */
function hexDigit(value: number): number {
  return value < 10 ? 48 + value : 55 + value;
}

export function basicUser(authorization: string): string | null {
  const encoded = /^basic +([A-Za-z0-9+/_-]+=*)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon > 0 ? text.slice(0, colon) : null;
}
