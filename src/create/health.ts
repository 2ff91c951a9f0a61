// The step "health": finds a path that the app answers, for its table. Django itself is asked, as the app's user.

import { allowedHosts } from './order.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

/** Common health paths of projects, then Django's own login page, then the first page. */
const candidates = ['/healthz/', '/healthz', '/health/', '/health', '/up', '/admin/login/', '/'];

const ask = `
import sys
import django
django.setup()
from django.test import Client
host, *paths = sys.argv[1:]
client = Client(raise_request_exception=False)
for path in paths:
    status = client.get(path, HTTP_HOST=host, secure=True).status_code
    if status == 200 or (path == "/" and 200 <= status < 400):
        print("\\n" + path)
        break
`;

/** Finding none is no failure: then a reload asks "/", and a restart only waits for the workers. */
export async function findHealth(site: Site): Promise<Outcome> {
  const { order, run } = site;
  if (order.existing !== null)
    return {
      ...there,
      said: order.existing.health ?? 'none: health = "/PATH" lets a reload refuse broken code',
    };
  const { root } = order;
  const { project, settings } = site.found;
  const host = (allowedHosts(order)[0] ?? 'localhost').replace(/^\./, 'www.');
  const command = asApp(site, [`${root}/bin/python`, '-c', ask, host, ...candidates], {
    directory: project,
    env: { VIRTUAL_ENV: root, PYTHONPATH: project, DJANGO_SETTINGS_MODULE: settings, ...site.env },
  });
  const ran = await run(command);
  const said = ran.stdout.trim().split('\n').at(-1) ?? '';
  const found = candidates.find(path => path === said);
  if (ran.code !== 0 || found === undefined) return { made: false, said: 'none found: no page answers well' };
  site.health = found;
  return made(found);
}
