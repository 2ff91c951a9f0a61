// Uses one demo site as a visitor would, through the proxy, and reports the first thing that is wrong.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SiteName } from './django-site.ts';
import { type Answer, type Ask, ask, type Target } from './http.ts';

export interface Visit {
  readonly name: SiteName;
  readonly to: Target;
  /** Host header, such as "hello.localhost:8000". */
  readonly host: string;
  /** The server that must answer. */
  readonly uid: number;
  /** Whether /static/ and /media/ are served: by the proxy they are, by gunicorn alone they are not. */
  readonly files: boolean;
}

const places = {
  hello: { app: 'guestbook', form: '/sign', heading: 'Hello.', uploads: 'uploads' },
  goodbye: { app: 'departures', form: '/leave', heading: 'Goodbye.', uploads: 'keepsakes' },
} as const;

/** Throws an AssertionError that names what has failed. Returns what was checked, in words. */
export async function verifySite(visit: Visit): Promise<string[]> {
  const { name, to, host } = visit;
  const place = places[name];
  const get = (path: string, rest: Partial<Ask> = {}) => ask({ to, host, path, ...rest });

  const page = await get('/');
  expect(page, 200, `${name}: the page`);
  assert.ok(page.text.includes(`<h1>${place.heading}</h1>`), `${name}: the page says ${place.heading}`);
  const done = ['page'];

  if (visit.files) {
    const sheet = await get(`/static/${place.app}/style.css`);
    expect(sheet, 200, `${name}: the stylesheet`);
    assert.match(sheet.headers['content-type'] ?? '', /^text\/css/, `${name}: the stylesheet's type`);
    done.push('stylesheet');
  }
  expect(await get('/healthz'), 200, `${name}: /healthz`);

  const whoami = await get('/whoami');
  expect(whoami, 200, `${name}: /whoami`);
  const identity = JSON.parse(whoami.text) as { site: string; uid: number };
  assert.deepEqual([identity.site, identity.uid], [name, visit.uid], `${name}: who serves it`);
  done.push(`whoami (uid ${identity.uid})`);

  const form = formOf(page, host);
  const line = `line ${randomBytes(6).toString('hex')}`;
  const fields = { csrfmiddlewaretoken: form.token, name: 'Ann', destination: 'Rome', message: line };
  const posted = await get(place.form, {
    method: 'POST',
    headers: { ...form.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  expect(posted, 302, `${name}: signing`);
  assert.ok((await get('/')).text.includes(line), `${name}: what was signed is on the page`);
  done.push('form');

  const file = `${randomBytes(6).toString('hex')}.txt`;
  expect(await get('/upload', upload(form, file, line)), 302, `${name}: the upload`);
  if (visit.files) {
    const served = await get(`/media/${place.uploads}/${file}`);
    expect(served, 200, `${name}: the uploaded file`);
    assert.equal(served.text, line, `${name}: the uploaded file's content`);
  }
  return [...done, 'upload'];
}

interface Form {
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Django wants its cookie and its hidden field back, and the Origin that a browser sends. */
function formOf(page: Answer, host: string): Form {
  const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const cookie = (page.headers['set-cookie'] ?? []).map(line => line.split(';', 1)[0]).join('; ');
  return { token, headers: { cookie, origin: `http://${host}` } };
}

function upload(form: Form, file: string, content: string): Partial<Ask> {
  const boundary = `hostd${randomBytes(8).toString('hex')}`;
  const part = (disposition: string, text: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
  const parts = [
    part('name="csrfmiddlewaretoken"', form.token),
    part(`name="file"; filename="${file}"`, content),
  ];
  return {
    method: 'POST',
    headers: { ...form.headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  };
}

function expect(answer: Answer, status: number, what: string): void {
  assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
}
