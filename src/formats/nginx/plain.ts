// The classic virtual host, as in the well-known article. What the article does not have (TLS, a second name) is in its manner.

import type { Site } from '../../model/host.ts';
import { quoteNginx } from './quote.ts';
import {
  acmeLocation,
  bodySize,
  canSay,
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
} from './vhost.ts';

export function plainText(vhost: Vhost): string {
  const { site, locations } = vhost;
  const files = locations
    .map(location => {
      const alias = `alias   ${quoteNginx(location.alias)};`;
      const lines = indented([alias, ...expiresLines(location)].map(line => `    ${line}`));
      return `    location ${location.prefix} {\n${lines}    }\n\n`;
    })
    .join('');
  const tls = vhost.certificate === null ? '' : `${indented(certificateLines(vhost))}\n`;
  const scheme = vhost.certificate === null ? '' : '        proxy_set_header X-Forwarded-Proto $scheme;\n';
  return `upstream ${site.name}_app_server {
${serverLines(site)
  .map(line => `  ${line}\n`)
  .join('')}}

server {
${listenLines([...(hasHttpRedirect(vhost) ? [] : listens(vhost, true)), ...tlsListens(vhost, true)])}    server_name ${names(site)};

${tls}    client_max_body_size ${bodySize(site)};

    access_log ${accessLog(site)};
    error_log ${quoteNginx(site.errorLog)};

${acme(vhost)}${files}    location / {
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
${scheme}${indented(timeoutLines(site).map(line => `    ${line}`))}        proxy_set_header Host $http_host;
        proxy_redirect off;
        if (!-f $request_filename) {
            proxy_pass http://${site.name}_app_server;
            break;
        }
    }
}
${hasHttpRedirect(vhost) ? toHttps(vhost) : ''}${site.redirectFrom.length > 0 ? toFirstName(vhost) : ''}`;
}

function toHttps(vhost: Vhost): string {
  return `
server {
${listenLines(listens(vhost, true))}    server_name ${names(vhost.site)};

${acme(vhost)}    location / {
        return 301 ${httpsOrigin(vhost, '$host')}$request_uri;
    }
}
`;
}

function toFirstName(vhost: Vhost): string {
  const tls = certificateLines(vhost);
  return `
server {
${listenLines([...listens(vhost, true), ...tlsListens(vhost, true)])}    server_name ${vhost.site.redirectFrom.join(' ')};

${tls.length === 0 ? '' : `${indented(tls)}\n`}${acme(vhost)}    location / {
        return 301 ${redirectTarget(vhost, '$scheme')}$request_uri;
    }
}
`;
}

/** Certbot's location. Without certificates to renew, the article's own words are enough. */
function acme(vhost: Vhost): string {
  return vhost.certificate === null ? '' : acmeLocation(vhost);
}

function listenLines(words: readonly string[]): string {
  return indented(words.map(word => `listen   ${word};`));
}

function accessLog(site: Site): string {
  return canSay(site.accessLog) ? quoteNginx(site.accessLog) : 'off';
}
