// The hardened virtual host: what hostd's own proxy does, in nginx's words.

import type { Location } from '../../model/host.ts';
import { writtenBy } from '../layout.ts';
import { hashedNames } from './hashed-names.ts';
import { accessLogWords, logFormat } from './log.ts';
import { neverClients } from './never-clients.ts';
import { quoteNginx, variablePart } from './quote.ts';
import {
  acmeLocation,
  bodySize,
  certificateLines,
  expiresLines,
  hasHttpRedirect,
  httpsOrigin,
  indented,
  listens,
  names,
  redirectTarget,
  serverLines,
  timeoutLines,
  tlsListens,
  type Vhost,
  withoutSlash,
} from './vhost.ts';

/** Statuses of nginx's own answers for which error_pages may have a page. */
const pageStatuses = [403, 404, 413, 502, 503, 504];

export function hardText(vhost: Vhost): string {
  const { site } = vhost;
  return [
    `# ${writtenBy(`[app.${site.name}]`)}\n${upstream(vhost)}`,
    connectionMap(vhost),
    ...(isBehindProxy(vhost) ? [trustMaps(vhost)] : []),
    ...(vhost.proxy.accessLogFormat !== 'combined' ? [logFormat(vhost, schemeOf(vhost))] : []),
    mainServer(vhost),
    ...(hasHttpRedirect(vhost) ? [httpServer(vhost)] : []),
    ...(site.redirectFrom.length > 0 ? [redirectServer(vhost)] : []),
  ].join('\n');
}

function upstream({ site }: Vhost): string {
  const kept = site.keepalive
    ? `    # Its ${site.upstreams == null ? 'gunicorn workers' : 'servers'} keep connections open for 2 seconds.\n    keepalive 8;\n    keepalive_timeout 1s;\n`
    : '';
  return `upstream ${site.name}_app_server {
${indented(serverLines(site))}${kept}}
`;
}

function connectionMap(vhost: Vhost): string {
  const { keepalive } = vhost.site;
  return `# WebSockets need "upgrade"; ${keepalive ? 'an empty value keeps the connection to the app open.' : "the app's sync workers close each connection."}
map $http_upgrade ${variable(vhost, 'connection')} {
    default upgrade;
    ""      ${keepalive ? '""' : 'close'};
}
`;
}

function isBehindProxy({ proxy }: Vhost): boolean {
  return proxy.trustedProxies.length > 0;
}

/** A variable's name. Variables are shared by all of nginx's files, so each site has its own. */
function variable({ site }: Vhost, what: string): string {
  return `$hostd_${variablePart(site.name)}_${what}`;
}

function schemeOf(vhost: Vhost): string {
  return isBehindProxy(vhost) ? variable(vhost, 'scheme') : '$scheme';
}

/** Believes what a trusted proxy says of its client. Claims of anybody else are ignored. */
function trustMaps(vhost: Vhost): string {
  const { site, proxy } = vhost;
  const trusted = variable(vhost, 'trusted');
  const insecure = `
# What is to be asked for by https, apart from certbot's questions.
map "${schemeOf(vhost)} $uri" ${variable(vhost, 'insecure')} {
    default "";
    "~^http /\\.well-known/acme-challenge/" "";
    "~^http " 1;
}
`;
  return `# The proxies in front, whose word counts.
geo $realip_remote_addr ${trusted} {
    default 0;
${indented(proxy.trustedProxies.map(block => `${block} 1;`))}}

map "${trusted} $http_x_forwarded_proto" ${variable(vhost, 'scheme')} {
    default   $scheme;
    "1 https" https;
    "1 http"  http;
}

# $proxy_add_x_forwarded_for would add the client's address, not that of the proxy.
map $http_x_forwarded_for ${variable(vhost, 'forwarded_for')} {
    default "$http_x_forwarded_for, $realip_remote_addr";
    ""      $realip_remote_addr;
}

# Where a trusted proxy was asked; an empty value is not sent.
map ${trusted} ${variable(vhost, 'forwarded_host')} {
    default "";
    1       $http_x_forwarded_host;
}

map ${trusted} ${variable(vhost, 'forwarded_port')} {
    default "";
    1       $http_x_forwarded_port;
}
${site.redirectHttps ? insecure : ''}`;
}

function mainServer(vhost: Vhost): string {
  const { site, locations } = vhost;
  const isDefault = vhost.proxy.defaultSite === site.name;
  const forwardedFor = isBehindProxy(vhost) ? variable(vhost, 'forwarded_for') : '$proxy_add_x_forwarded_for';
  const redirect =
    site.redirectHttps && isBehindProxy(vhost)
      ? `    if (${variable(vhost, 'insecure')}) {\n        return 301 ${httpsOrigin(vhost, '$host')}$request_uri;\n    }\n\n`
      : '';
  const plain = hasHttpRedirect(vhost) ? [] : listens(vhost, false);
  return `server {
${listenLines([...plain, ...tlsListens(vhost, false)], isDefault)}    server_name ${names(site)};

${tls(vhost)}    client_max_body_size ${bodySize(site)};

${logs(vhost)}${realIp(vhost)}${redirect}${errorPages(vhost)}${acmeLocation(vhost)}${locations.map(location => hardLocation(location, vhost)).join('')}    location / {
        proxy_pass http://${site.name}_app_server;
        proxy_http_version 1.1;
        proxy_redirect off;
${indented(timeoutLines(site).map(line => `    ${line}`))}        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For ${forwardedFor};
        # The app believes whoever connects to its unix socket: none of these is ever the client's own word.
        proxy_set_header X-Forwarded-Proto ${schemeOf(vhost)};
        proxy_set_header X-Forwarded-Host ${isBehindProxy(vhost) ? variable(vhost, 'forwarded_host') : '""'};
        proxy_set_header X-Forwarded-Port ${isBehindProxy(vhost) ? variable(vhost, 'forwarded_port') : '""'};
${indented(neverClients.map(name => `    proxy_set_header ${name} "";`))}        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Request-Id $request_id;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection ${variable(vhost, 'connection')};
    }
}
`;
}

function httpServer(vhost: Vhost): string {
  const isDefault = vhost.proxy.defaultSite === vhost.site.name;
  return `server {
${listenLines(listens(vhost, false), isDefault)}    server_name ${names(vhost.site)};

${logs(vhost)}${acmeLocation(vhost)}    location / {
        return 301 ${httpsOrigin(vhost, '$host')}$request_uri;
    }
}
`;
}

function redirectServer(vhost: Vhost): string {
  return `server {
${listenLines([...listens(vhost, false), ...tlsListens(vhost, false)], false)}    server_name ${vhost.site.redirectFrom.join(' ')};

${tls(vhost)}${logs(vhost)}${realIp(vhost)}${acmeLocation(vhost)}    location / {
        return 301 ${redirectTarget(vhost, schemeOf(vhost))}$request_uri;
    }
}
`;
}

function listenLines(words: readonly string[], isDefault: boolean): string {
  return indented(words.map(word => `listen ${word}${isDefault ? ' default_server' : ''};`));
}

function tls(vhost: Vhost): string {
  const lines = certificateLines(vhost);
  return lines.length === 0 ? '' : `${indented([...lines, 'ssl_protocols TLSv1.2 TLSv1.3;'])}\n`;
}

function logs(vhost: Vhost): string {
  const { errorLog } = vhost.site;
  return `${indented([`access_log ${accessLogWords(vhost)};`, `error_log ${quoteNginx(errorLog)};`])}\n`;
}

function realIp(vhost: Vhost): string {
  if (!isBehindProxy(vhost)) return '';
  const lines = [
    ...vhost.proxy.trustedProxies.map(block => `set_real_ip_from ${block};`),
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
  ];
  return `${indented(lines)}\n`;
}

/** A missing page leaves nginx's own: "=502" keeps the status. The app's own answers are not changed. */
function errorPages({ errorPages: directory }: Vhost): string {
  if (directory === null) return '';
  const pages = pageStatuses.map(
    status => `    error_page ${status} /.hostd-page-${status};
    location = /.hostd-page-${status} {
        internal;
        root ${quoteNginx(withoutSlash(directory))};
        try_files /${status}.html =${status};
    }
`,
  );
  return `    # Pages for what the app does not answer itself.\n${pages.join('')}\n`;
}

/** Files of the app: no link to a file of somebody else, nothing that begins with a dot. */
function hardLocation(location: Location, { proxy }: Vhost): string {
  const { prefix, alias } = location;
  // Not for uploads, which could have the name of a variant of another file, or any name.
  const isAuthored = prefix === '/static/';
  const lines = [...(isAuthored ? ['gzip_static on;'] : []), ...expiresLines(location)];
  return `    location ${prefix} {
        alias ${quoteNginx(alias)};
${indented(lines.map(line => `    ${line}`))}${types(proxy.types)}        # A link leads only to files of its own owner: not to what nginx alone may read.
        disable_symlinks if_not_owner ${quoteNginx(`from=${alias}`)};
        location ~ /\\.(?!well-known/) {
            return 404;
        }
${isAuthored ? keptForGood : ''}    }

`;
}

/** A file whose name is made from its content never changes. */
const keptForGood = `        location ~ ${quoteNginx(hashedNames)} {
            expires off;
            add_header Cache-Control "public, max-age=31536000, immutable";
        }
`;

/** A location with its own types has no others, so all of nginx's are named again. */
function types(more: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(more);
  if (pairs.length === 0) return '';
  const lines = pairs.map(([extension, type]) => `        ${quoteNginx(type)} ${extension};`);
  return `        include /etc/nginx/mime.types;\n        types {\n${indented(lines)}        }\n`;
}
