// Why somebody who was asked over HTTP gave no answer: the code of Node or of undici, in words for people. Pure.

const words: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'it ended the connection without an answer',
  ECONNRESET: 'it ended the connection without an answer',
  EPIPE: 'it ended the connection without an answer',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no whole answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no socket',
  EACCES: 'no right to connect to its socket',
};

/** `why`: a code, or any other text, which is given back as it is ("HTTP 500"). */
export function silence(why: string): string {
  return Object.hasOwn(words, why) ? (words[why] ?? why) : why;
}
