// The answers of Supervisor's HTTP server (Medusa), byte for byte: heads and error pages. Pure.

/** Medusa's reason phrases. */
const reasons = {
  200: 'OK',
  301: 'Moved Permanently',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  411: 'Length Required',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
} as const;

export type Status = keyof typeof reasons;

export type Fields = readonly (readonly [name: string, value: string | number])[];

/** `version`: the request's; null as in Head. `now`: a Unix time in milliseconds. */
export function replyHead(version: string | null, status: Status, fields: Fields, now: number): string {
  const all: Fields = [['Server', 'Medusa/1.12'], ['Date', httpDate(now)], ...fields];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/${version ?? 'None'} ${status} ${reasons[status]}\r\n${lines.join('')}\r\n`;
}

/** The page for a status, as a body. */
export function errorPage(status: Status): string {
  return [
    '<head>',
    '<title>Error response</title>',
    '</head>',
    '<body>',
    '<h1>Error response</h1>',
    `<p>Error code ${status}.`,
    `<p>Message: ${reasons[status]}.`,
    '</body>',
    '',
  ].join('\r\n');
}

/** RFC 9110, 5.6.7. `ms`: a Unix time in milliseconds. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Medusa's time in its log: of UTC, whatever zone it names behind. `ms`: a Unix time in milliseconds. */
export function logDate(ms: number): string {
  const date = new Date(ms);
  const two = (number: number) => String(number).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const year = date.getUTCFullYear();
  // Standard time, also in summer.
  const west = new Date(year, 0).getTimezoneOffset();
  const zone = `${west > 0 ? '-' : '+'}${two(Math.floor(Math.abs(west) / 60))}${two(Math.abs(west) % 60)}`;
  return `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${year}:${time} ${zone}`;
}

/** Whether the connection is closed after the answer, and the field that says so. */
export function keeping(
  version: string | null,
  connection: string,
  hasLength: boolean,
): { close: boolean; fields: Fields } {
  const word = connection.toLowerCase();
  if (version === '1.0')
    return word === 'keep-alive' && hasLength
      ? { close: false, fields: [['Connection', 'Keep-Alive']] }
      : { close: true, fields: [] };
  return { close: version === null || (version === '1.1' && word === 'close'), fields: [] };
}
