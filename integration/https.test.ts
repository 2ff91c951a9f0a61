// What apps see of a visitor who comes by https: Django's is_secure() is true and REMOTE_ADDR is no forgery, under each server,
// without a line in the project.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { type AppOptions, tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { parseReplies } from './proxy/client.ts';
import { makePem } from './proxy/pem.ts';
import { exchangeTls } from './proxy/tls-client.ts';

/** A Django project in one file. */
const source = `
from django.conf import settings
settings.configure(SECRET_KEY="only for tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

def said(request):
    return JsonResponse({"secure": request.is_secure(), "address": request.META.get("REMOTE_ADDR")})

urlpatterns = [path("", said)]
application = get_wsgi_application()
asgi = get_asgi_application()
`;

const { asgiWorker } = virtualenv('recent');
const bin = `${virtualenv('servers').root}/bin`;
/** Twisted would change the mode of the socket, which is root's. */
const daphne =
  'import os, sys; os.chmod = lambda *_: None; from daphne.cli import CommandLineInterface as C; C().run(sys.argv[1:])';
/** hypercorn takes an expression. */
const hypercorn = (module: string) =>
  `hypercorn.middleware:ProxyFixMiddleware(__import__("${module}", fromlist=["asgi"]).asgi)`;

const servers: Readonly<Record<string, AppOptions>> = {
  sync: {},
  gthread: { keys: { threads: 2 } },
  gasgi: { keys: { worker_class: 'asgi', wsgi: 'gasgi.wsgi:asgi' } },
  uworker: { keys: { worker_class: asgiWorker, wsgi: 'uworker.wsgi:asgi' } },
  oldworker: {
    vintage: 'old',
    keys: { worker_class: virtualenv('old').asgiWorker, wsgi: 'oldworker.wsgi:asgi' },
  },
  ufd: { keys: { command: [`${bin}/uvicorn`, '--fd', '3', 'ufd.wsgi:asgi'] } },
  hyper: { keys: { command: [`${bin}/hypercorn`, '--bind', 'fd://3', hypercorn('hyper.wsgi')] } },
  daph: {
    keys: {
      command: [
        `${bin}/python`,
        '-c',
        daphne,
        '--proxy-headers',
        '-e',
        'systemd:domain=UNIX:index=0',
        'daph.wsgi:asgi',
      ],
    },
  },
};

const skip = needsVirtualenv('recent') || needsVirtualenv('old') || needsVirtualenv('servers');

test('every server believes the proxy that a visitor came by https, and no visitor who says so', {
  skip,
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const names = Object.keys(servers);
  const { certificate, key } = makePem(place.dir, ...names.map(name => `${name}.test`));
  const pem = {
    certificate: place.write('tls/site.pem', certificate),
    certificate_key: place.write('tls/site.key', key, 0o600),
  };
  const apps = await Promise.all(
    Object.entries(servers).map(([name, options]) =>
      tinyApp(place, { ...options, name, account, source, keys: { ...options.keys, ...pem } }),
    ),
  );
  // What the operator says of it counts: this one believes whoever the header names first.
  const own = await tinyApp(place, {
    ...servers['uworker'],
    name: 'own',
    account,
    source,
    keys: { worker_class: asgiWorker, wsgi: 'own.wsgi:asgi' },
    env: { FORWARDED_ALLOW_IPS: '*' },
  });
  const tls = await freePort();
  const hostd = await startHostd(place, {
    apps: [...apps, own],
    config: { proxy: { tls_listen: [`127.0.0.1:${tls}`] } },
  });
  const forged = { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Proto': 'https', 'X-Real-IP': '6.6.6.6' };
  for (const { name, host } of apps) {
    await hostd.state(name, 'RUNNING');
    const plain = JSON.parse((await hostd.get(host, '/', { headers: forged })).body.toString());
    assert.equal(plain.secure, false, name);
    assert.notEqual(plain.address, '6.6.6.6', name);
    const { bytes } = await exchangeTls(
      tls,
      host,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n`,
    );
    const secure = JSON.parse(parseReplies(bytes)[0]?.body.toString() ?? '');
    assert.equal(secure.secure, true, name);
    if (!['sync', 'gthread', 'gasgi'].includes(name)) assert.equal(secure.address, '127.0.0.1', name);
    else assert.notEqual(secure.address, '6.6.6.6', name);
  }
  const believed = JSON.parse((await hostd.get(own.host, '/', { headers: forged })).body.toString());
  assert.deepEqual(believed, { secure: false, address: '6.6.6.6' });
});
