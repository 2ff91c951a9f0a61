// Somebody at the page in the browser, without a browser: requests with a cookie, forms that are found and sent.

import { type Answer, ask, type Target } from '../../scripts/http.ts';

export interface Visitor {
  cookie: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  logIn(user?: string, password?: string): Promise<Answer>;
  /** Opens the page that asks for a confirmation, and sends its form with these fields besides. Returns the page that says what was done. */
  confirm(path: string, fields?: Readonly<Record<string, string>>): Promise<string>;
}

export const user = 'admin';
export const password = 'geheim-geheim';
/** Of this password, with the least work. */
export const digest =
  '$scrypt$ln=10,r=8,p=1$aG9zdGQtd2ViLXNhbHQxNg$ysk+GA6LQzf2dERO4JpPyIFFMm3rmHXx/tA9cutGEFs';

/** `host`: what the browser would send. */
export function visitor(to: Target, host = 'port' in to ? `127.0.0.1:${to.port}` : 'localhost'): Visitor {
  const one: Visitor = {
    cookie: '',
    get: (path, headers = {}) => ask({ to, host, path, headers: { ...cookies(), ...headers } }),
    post: (path, fields, headers = {}) =>
      ask({
        to,
        host,
        path,
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: `http://${host}`,
          ...cookies(),
          ...headers,
        },
      }),
    async logIn(name = user, secret = password) {
      const answer = await one.post('/login', { user: name, password: secret });
      const [set] = answer.headers['set-cookie'] ?? [];
      if (set !== undefined) one.cookie = set.split(';', 1)[0] ?? '';
      return answer;
    },
    async confirm(path, fields = {}) {
      const { text } = await one.get(path);
      const answer = await one.post(path, { ...hiddenFields(text, path), ...fields });
      if (answer.status !== 303) throw new Error(`${path}: ${answer.status}\n${answer.text}`);
      return (await one.get(String(answer.headers.location))).text;
    },
  };
  const cookies = () => (one.cookie === '' ? {} : { cookie: one.cookie });
  return one;
}

/** The hidden fields of the form that goes to this path. */
export function hiddenFields(page: string, path: string): Record<string, string> {
  const form = page.split('<form ').find(text => text.includes(`action="${path}"`)) ?? '';
  const found = form.split('</form>', 1)[0]?.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g) ?? [];
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}

/** What the page says was done. */
export function noticeOf(page: string): string {
  return /<span class="notice">([^<]*)</.exec(page)?.[1] ?? '';
}
