// The access log of a hardened virtual host: nginx's "combined", with or without the request's id, or the objects that hostd's own proxy writes.

import { quoteNginx, variablePart } from './quote.ts';
import { canSay, type Vhost } from './vhost.ts';

/** hostd's own keys, but for queue_time. A missing text is empty here. */
const texts = (site: string, scheme: string) => ({
  time: '$time_iso8601',
  site,
  remote_addr: '$remote_addr',
  remote_user: '$remote_user',
  method: '$request_method',
  uri: '$request_uri',
  protocol: '$server_protocol',
  host: '$host',
  referer: '$http_referer',
  user_agent: '$http_user_agent',
  request_id: '$request_id',
  scheme,
});

export function logFormat(vhost: Vhost, scheme: string): string {
  return vhost.proxy.accessLogFormat === 'json' ? jsonFormat(vhost, scheme) : combinedFormat(vhost);
}

/** nginx's own "combined", and the request's id. */
function combinedFormat(vhost: Vhost): string {
  return `log_format ${formatName(vhost)} '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" "$request_id"';
`;
}

function jsonFormat(vhost: Vhost, scheme: string): string {
  const { site } = vhost;
  const upstream = `$hostd_${variablePart(site.name)}_upstream_time`;
  const numbers = `"status":$status,"body_bytes_sent":$body_bytes_sent,"request_time":$request_time,"upstream_time":${upstream}`;
  const entries = Object.entries(texts(site.name, scheme)).map(([key, value]) => `"${key}":"${value}"`);
  const [before, after] = [entries.slice(0, 8), entries.slice(8)];
  return `map $upstream_response_time ${upstream} {
    default      null;
    "~^[0-9.]+$" $upstream_response_time;
}

log_format ${formatName(vhost)} escape=json
    '{${before.join(',')},'
    '${numbers},${after.join(',')}}';
`;
}

/** The words after "access_log". */
export function accessLogWords(vhost: Vhost): string {
  const { accessLog } = vhost.site;
  if (!canSay(accessLog)) return 'off';
  return vhost.proxy.accessLogFormat === 'combined'
    ? quoteNginx(accessLog)
    : `${quoteNginx(accessLog)} ${formatName(vhost)}`;
}

function formatName({ site, proxy }: Vhost): string {
  return `hostd_${variablePart(site.name)}_${proxy.accessLogFormat}`;
}
