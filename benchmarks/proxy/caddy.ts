// Caddy with the article's vhost: files below /static/, the rest to the app.

import { mkdirSync, writeFileSync } from 'node:fs';
import type { TestSite } from '../../integration/proxy/plain-site.ts';

/** Writes the configuration; returns Caddy's arguments and environment. */
export function configureCaddy(
  directory: string,
  port: number,
  site: TestSite,
  kept: boolean,
): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const home = `${directory}/caddy-${port}`;
  mkdirSync(home, { recursive: true });
  const alias = site.locations.find(({ prefix }) => prefix === '/static/')?.alias ?? '';
  writeFileSync(
    `${home}/Caddyfile`,
    `{
  admin off
  auto_https off
  log default {
    output file ${home}/log
  }
}
http://:${port} {
  bind 127.0.0.1
  handle_path /static/* {
    root * ${alias}
    file_server
  }
  handle {
    reverse_proxy unix/${site.socket} {
      transport http {
        keepalive ${kept ? '30s' : 'off'}
      }
    }
  }
}
`,
  );
  return {
    args: ['run', '--config', `${home}/Caddyfile`, '--adapter', 'caddyfile'],
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
  };
}
