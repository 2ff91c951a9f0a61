// hostd with nginx in front, and hostd alone: `reload` is its deploy.

import { testAccounts } from '../../integration/harness/accounts.ts';
import { tinyApp } from '../../integration/harness/apps.ts';
import { startHostd } from '../../integration/harness/hostd.ts';
import type { Place } from '../../integration/harness/place.ts';
import { marked } from '../../integration/harness/processes.ts';
import { startNginx } from '../../integration/proxy/nginx.ts';
import { plainSite } from '../../integration/proxy/plain-site.ts';
import type { Stack } from './stack.ts';

export const hostdAlone = (place: Place): Promise<Stack> => start(place, false);
export const hostdAndNginx = (place: Place): Promise<Stack> => start(place, true);

async function start(place: Place, behindNginx: boolean): Promise<Stack> {
  const app = await tinyApp(place, { account: (await testAccounts()).a, keys: { workers: 3 } });
  let hostd = await startHostd(place, { apps: [app], config: { proxy: { enabled: !behindNginx } } });
  let port = hostd.port;
  if (behindNginx) {
    const nginx = await startNginx(place.directory('front'), [plainSite('tiny', app.host, app.socket)]);
    place.after(() => nginx.stop());
    port = nginx.port;
  }
  return {
    name: behindNginx ? 'hostd + nginx' : 'hostd alone',
    port,
    host: app.host,
    masters: () => mastersIn(place),
    async killSupervisor() {
      await hostd.kill9();
      hostd = await hostd.again();
    },
    async deploy() {
      await hostd.hostctl('reload', 'tiny');
    },
  };
}

/** gunicorn's processes whose parent is no gunicorn. */
export function mastersIn(place: Place): number[] {
  const all = marked(place.mark).filter(process => / [^ ]*gunicorn /.test(`${process.command} `));
  const pids = new Set(all.map(process => process.pid));
  return all.filter(process => !pids.has(process.ppid)).map(process => process.pid);
}
