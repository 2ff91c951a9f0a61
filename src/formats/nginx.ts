// nginx's virtual hosts, a file for each app with its link in sites-enabled: written here, read by nginx-read.ts.

import type { Host, Listen, Location, Site } from '../model/host.ts';
import { cannotSay, type Format, type Output } from './format.ts';
import { writtenBy } from './layout.ts';
import { quoteNginx, variablePart } from './nginx-quote.ts';
import { looksLikeNginx, readNginx } from './nginx-read.ts';
import { formatSize } from './sizes.ts';

export const nginx: Format = {
  name: 'nginx',
  looksLike: looksLikeNginx,
  read: readNginx,
  write(host, { plain }) {
    const written = host.sites.map(site => ({ site, locations: site.locations.filter(canServe) }));
    return {
      files: written.flatMap(({ site, locations }): readonly Output[] => {
        const available = `/etc/nginx/sites-available/${site.name}`;
        const listen = host.settings.proxy.listen;
        const text = plain ? plainText(site, locations, listen) : hardText(site, locations, listen);
        return [
          { kind: 'file', path: available, text, mode: 0o644, owner: site.name },
          {
            kind: 'link',
            path: `/etc/nginx/sites-enabled/${site.name}`,
            target: `../sites-available/${site.name}`,
            owner: site.name,
          },
        ];
      }),
      problems: host.sites.flatMap(site => problemsOf(host, site)),
    };
  },
};

/** alias and access_log expand variables, and have no escape for "$". */
function canServe({ alias }: Location): boolean {
  return !alias.includes('$');
}

function problemsOf(host: Host, site: Site) {
  const source = host.apps.find(app => app.name === site.name)?.source ?? {
    file: host.settings.file,
    key: [],
  };
  const say = (key: string, message: string) =>
    cannotSay(
      site.name,
      { ...source, key: [...source.key, key] },
      `nginx: "${site.name}": ${message}`,
      'another path',
    );
  return [
    ...site.locations
      .filter(location => !canServe(location))
      .map(({ prefix, alias }) =>
        say(
          prefix.replaceAll('/', ''),
          `"${alias}" has a "$", which nginx takes for a variable: ${prefix} is left out`,
        ),
      ),
    ...(site.accessLog.includes('$')
      ? [say('logs', 'the access log has a "$" in its path: it is left out')]
      : []),
    ...[site.socket, site.accessLog, site.errorLog, ...site.locations.map(location => location.alias)]
      .filter(path => /[\r\n]/.test(path))
      .map(path => say('root', `${JSON.stringify(path)} has a line break`)),
  ];
}

/** Port 80 everywhere is what most hosts have: then no more is said. */
function listens(listen: readonly Listen[], plain: boolean): readonly string[] {
  const usual = listen.length === 0 || (plain && listen.every(({ port }) => port === 80));
  const words = usual
    ? ['80']
    : listen.map(({ host, port }) =>
        host === '0.0.0.0' ? String(port) : `${host.includes(':') ? `[${host}]` : host}:${port}`,
      );
  return [...new Set(words)];
}

function names(site: Site): string {
  return site.serverNames.length > 0 ? site.serverNames.join(' ') : `${site.name.toLowerCase()}.localhost`;
}

function bodySize(site: Site): string {
  return formatSize(site.clientMaxBodySize).toUpperCase();
}

function accessLog(site: Site): string {
  return site.accessLog.includes('$') ? 'off' : quoteNginx(site.accessLog);
}

function plainText(site: Site, locations: readonly Location[], listen: readonly Listen[]): string {
  const files = locations
    .map(({ prefix, alias }) => `    location ${prefix} {\n        alias   ${quoteNginx(alias)};\n    }\n\n`)
    .join('');
  return `upstream ${site.name}_app_server {
  server ${quoteNginx(`unix:${site.socket}`)} fail_timeout=0;
}

server {
${listens(listen, true)
  .map(word => `    listen   ${word};`)
  .join('\n')}
    server_name ${names(site)};

    client_max_body_size ${bodySize(site)};

    access_log ${accessLog(site)};
    error_log ${quoteNginx(site.errorLog)};

${files}    location / {
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header Host $http_host;
        proxy_redirect off;
        if (!-f $request_filename) {
            proxy_pass http://${site.name}_app_server;
            break;
        }
    }
}
`;
}

function hardText(site: Site, locations: readonly Location[], listen: readonly Listen[]): string {
  const connection = `hostd_${variablePart(site.name)}_connection`;
  const kept = site.keepalive
    ? '\n    # Its gunicorn workers keep connections open for 2 seconds.\n    keepalive 8;\n    keepalive_timeout 1s;'
    : '';
  return `# ${writtenBy(`[app.${site.name}]`)}
upstream ${site.name}_app_server {
    server ${quoteNginx(`unix:${site.socket}`)} fail_timeout=0;${kept}
}

# WebSockets need "upgrade"; ${site.keepalive ? 'an empty value keeps the connection to the app open.' : "the app's sync workers close each connection."}
map $http_upgrade $${connection} {
    default upgrade;
    ""      ${site.keepalive ? '""' : 'close'};
}

server {
${listens(listen, false)
  .map(word => `    listen ${word};`)
  .join('\n')}
    server_name ${names(site)};

    client_max_body_size ${bodySize(site)};

    access_log ${accessLog(site)};
    error_log ${quoteNginx(site.errorLog)};

${locations.map(hardLocation).join('')}    location / {
        proxy_pass http://${site.name}_app_server;
        proxy_http_version 1.1;
        proxy_redirect off;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        # gunicorn believes whoever connects to its unix socket: these three are never the client's own.
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Ssl "";
        proxy_set_header X-Forwarded-Protocol "";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $${connection};
    }
}
`;
}

/** Files of the app: no link that leaves for a file of somebody else, nothing that begins with a dot. */
function hardLocation({ prefix, alias }: Location): string {
  return `    location ${prefix} {
        alias ${quoteNginx(alias)};
        gzip_static on;
        # A link leads only to files of its own owner: not to what nginx alone may read.
        disable_symlinks if_not_owner ${quoteNginx(`from=${alias}`)};
        location ~ /\\.(?!well-known/) {
            return 404;
        }
    }

`;
}
