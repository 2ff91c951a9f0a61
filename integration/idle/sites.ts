// Sites that fall asleep after a second without a visitor, and note what they are asked: each answer is the request's own number.

import { readFileSync } from 'node:fs';
import { isRoot, self, testAccounts } from '../harness/accounts.ts';
import { type TestApp, tinyApp } from '../harness/apps.ts';
import type { Hostd } from '../harness/hostd.ts';
import type { Place } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import type { Vintage } from '../harness/virtualenvs.ts';

const idle = { idle_timeout: '1s' };

/** What keeps connections keeps them for 2 s by itself, and one that is open is no idleness. */
export const briefly = { gunicorn_args: ['--keep-alive', '1'] };

/** Notes each request's number, and answers with it; loads as slowly as a small Django site. */
const wsgi = `
import os, time
time.sleep(0.1)
log = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def application(environ, start_response):
    number = environ["QUERY_STRING"]
    os.write(log, (number + "\\n").encode())
    if environ["PATH_INFO"] == "/slow":
        time.sleep(2.5)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(number)))])
    return [number.encode()]
`;
export const asgi = `
import asyncio, os, time
time.sleep(0.1)
log = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    if scope["type"] != "http":
        return
    number = scope["query_string"]
    os.write(log, number + b"\\n")
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    length = str(len(number)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": number})
`;

export async function site(
  place: Place,
  name: string,
  keys = {},
  { source = wsgi, vintage = 'recent' as Vintage, env = {} } = {},
): Promise<TestApp> {
  const account = isRoot ? (await testAccounts()).a : self();
  const root = `${place.dir}/webapps/${name}`;
  return await tinyApp(place, {
    name,
    account,
    source,
    vintage,
    keys: { ...idle, workers: 2, ...keys },
    env: { SEEN: `${root}/run/seen`, ...env },
  });
}

export const asleep = (hostd: Hostd, name: string) =>
  until(`${name} to sleep`, async () =>
    (await hostd.status()).find(program => program.name === name && program.idle_since !== null),
  );
export const seen = ({ root }: TestApp) => readFileSync(`${root}/run/seen`, 'utf8').trim().split('\n');
export const sleeps = (hostd: Hostd, name: string) => hostd.output().split(`${name} sleeps until`).length - 1;
