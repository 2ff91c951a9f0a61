// Every difference between the proxy's answers and nginx's, and why it is wanted. proxy-differential.test.ts fails on any
// other; docs/proxy.md shows the same table.

export interface Difference {
  readonly nginx: string;
  readonly hostd: string;
  readonly why: string;
  /** The version of nginx since which there is no difference any more. */
  readonly until?: string;
  /** Names of the comparisons in which it shows. */
  readonly seen: readonly string[];
}

export const differences: readonly Difference[] = [
  {
    nginx: 'An unknown host, or none with HTTP/1.0, gets the first site',
    hostd: '404, unless default_site names one',
    why: 'One app must not answer for names that are not its own',
    seen: [
      'target http://other.test/',
      'host other.test',
      'host [::1]',
      'host hello_.test',
      'host 127.0.0.1',
      'HTTP/1.0 without Host',
    ],
  },
  {
    nginx: 'Before 1.29.4: a Host with a user name, two ports, one above 65535 or an open bracket passes',
    hostd: '400',
    why: 'RFC 9110 section 7.2; nginx refuses them too since 1.29.4',
    until: '1.29.4',
    seen: ['host u@hello.test', 'host hello.test:80:80', 'host hello.test:99999', 'host [::1'],
  },
  {
    nginx: 'A Host that begins with "-", or has a label of more than 63 letters, passes',
    hostd: '400',
    why: 'No DNS has such a name, and every program could take the first for an option',
    seen: ['host -hello.test', `host ${'a'.repeat(64)}.test`],
  },
  {
    nginx: 'mjs, webmanifest, ttf, otf, csv, vtt, ics, flac, opus and some more have no type',
    hostd: 'text/javascript, font/ttf and so on, as IANA has them',
    why: 'A browser runs no module that is called bytes; nginx’s operator adds types, hostd’s cannot',
    seen: ['file a.mjs'],
  },
  {
    nginx: 'An absolute target keeps the Host field that came with it',
    hostd: 'The target’s host replaces it',
    why: 'RFC 9112 section 3.2.2: the app must see the name that it was chosen by',
    seen: ['target HTTP://HELLO.TEST:81/abs'],
  },
  {
    nginx: 'A target with raw bytes above ASCII passes',
    hostd: '400',
    why: 'RFC 9112 section 3.2 has none; browsers write them as %C3, and gunicorn refuses them too since 27',
    seen: ['target /caf\xc3\xa9'],
  },
  {
    nginx: 'An absolute target may have any scheme',
    hostd: '400 unless it is http or https',
    why: 'The proxy speaks nothing else',
    seen: ['target ftp://hello.test/x'],
  },
  {
    nginx: 'Links below static and media are followed',
    hostd: 'They are followed to files of their own owner, as with disable_symlinks if_not_owner; else 403',
    why: 'An app could otherwise have any file served that the proxy may read',
    seen: ['file etcdir/passwd'],
  },
  {
    nginx: 'Files whose name begins with a dot are served',
    hostd: '404, apart from .well-known at the top',
    why: '.env and .git are never meant to be public',
    seen: ['file .hidden'],
  },
  {
    nginx: 'FILE.gz beside FILE is sent only with gzip_static, FILE.br never',
    hostd: 'Both are sent where Accept-Encoding allows it, and are not older than the file',
    why: 'What was compressed once costs nothing to send',
    seen: ['file packed.txt', 'file packed.txt for who accepts gzip'],
  },
  {
    nginx: 'An app that does not answer its socket: 502 at once',
    hostd: 'Up to 2 seconds of waiting (10 where the backlog is full), then 503 with Retry-After',
    why: 'A restart then makes an answer late, not wrong',
    seen: ['host small.test', 'app is down'],
  },
  {
    nginx: 'Before 1.29.3: CONNECT: 400',
    hostd: '405',
    why: 'The method is known, and not allowed; nginx says so since 1.29.3',
    until: '1.29.3',
    seen: ['CONNECT'],
  },
  {
    nginx: 'Any method in capitals reaches the app',
    hostd: '400 for methods that llhttp does not know',
    why: 'Its list is fixed, with all of HTTP and WebDAV',
    seen: ['unknown method'],
  },
  {
    nginx: 'HTTP/1.2, lines that end in a bare LF and fields without a colon are accepted',
    hostd: '400',
    why: 'Parsers disagree about them, which is what request smuggling is made of',
    seen: ['HTTP/1.2', 'bare LF', 'no colon'],
  },
  {
    nginx: 'Fields that are too large: 400',
    hostd: '431',
    why: 'RFC 6585 section 5 has a status for it',
    seen: ['long field'],
  },
  {
    nginx: 'Any number of fields up to 32 kB',
    hostd: '431 for more than 100',
    why: 'gunicorn refuses more; nginx 1.29.8 has a limit too',
    seen: ['200 fields'],
  },
  {
    nginx: 'An app’s reply that is not HTTP, or has a bad chunk or bare LF passes',
    hostd: '502',
    why: 'Such a reply has no certain end, so it could become part of another one',
    seen: ['answer badstatus', 'answer badstatus2', 'answer badchunk', 'answer lfonly'],
  },
  {
    nginx: 'Before 1.23: a reply with two lengths, a bad one, or a length with a coding passes',
    hostd: '502',
    why: 'Such a reply, too, has no certain end; nginx refuses it since 1.23',
    until: '1.23',
    seen: ['answer tecl', 'answer clcl', 'answer badcl'],
  },
  {
    nginx:
      'Before 1.23: an app’s Location, ETag, Expires, Last-Modified or Refresh passes twice, and of Content-Type twice the last one counts',
    hostd: 'The first one of each passes',
    why: 'Browsers refuse an answer with two of Location; nginx does the same since 1.23',
    until: '1.23',
    seen: ['answer dupserver', 'answer dupcached'],
  },
  {
    nginx: 'A 101 that nobody asked for begins a tunnel',
    hostd: '502',
    why: 'The client would take what follows for HTTP',
    seen: ['answer 101'],
  },
  {
    nginx: 'A 103 of an app is taken for its answer, and its answer for the body',
    hostd: 'The 103’s Link fields are sent ahead of the answer; other interim answers are dropped',
    why: 'RFC 8297; nginx 1.29 has early_hints for it',
    seen: ['answer hints'],
  },
  {
    nginx: 'An app’s header of more than 4 kB: 502',
    hostd: 'Accepted up to 32 kB',
    why: 'Many cookies are no reason to lose a page',
    seen: ['answer bigheader'],
  },
  {
    nginx: 'X-Forwarded-Proto, -Ssl and the like reach the app as the client sent them, X-Real-IP too',
    hostd:
      'X-Forwarded-Proto is the scheme, X-Real-IP the client’s address; all other X-Forwarded-* but -For are dropped, and Forwarded (trusted_proxies says whose word counts)',
    why: 'gunicorn believes them, so a client could choose the scheme that Django sees',
    seen: ['field X-Forwarded-Proto', 'field X-Forwarded-Ssl', 'field X-Real-IP'],
  },
  {
    nginx: 'X-Request-Id reaches the app as often as the client sent it, and as it sent it',
    hostd: 'Always one: the client’s, if it is a word of 1 to 128 letters, digits and ._:-, else a new one',
    why: 'The app’s log and the proxy’s can name the same request',
    seen: ['field X-Request-Id', 'field X-Request-Id twice'],
  },
  {
    nginx: 'Fields that Connection names, Trailer, Proxy-Connection and Proxy reach the app',
    hostd: 'They are dropped',
    why: 'RFC 9110 section 7.6.1; Proxy would become HTTP_PROXY (httpoxy)',
    seen: ['field named in Connection', 'field Trailer', 'field Proxy-Connection', 'field Proxy'],
  },
  {
    nginx: '204 keeps the app’s Content-Length',
    hostd: 'It is dropped',
    why: 'RFC 9110 section 8.6 forbids it',
    seen: ['answer 204body', 'answer 204body to HEAD', 'answer 204body to HTTP/1.0', 'answer 204body, kept'],
  },
  {
    nginx: 'Proxy-Authenticate, Proxy-Connection, TE, Trailer and Upgrade of an app’s reply pass',
    hostd: 'They are dropped',
    why: 'They are between two neighbours only (RFC 9110 section 7.6.1)',
    seen: ['answer hop'],
  },
];
