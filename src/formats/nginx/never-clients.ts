// Header fields that only a proxy may send. The hardened file clears a client's, and a reader takes such a directive for what hostd's
// own proxy does. CGI's names would make HTTP_PROXY of the field Proxy (httpoxy).

export const neverClients: readonly string[] = [
  ...['Ssl', 'Protocol', 'Scheme', 'Prefix', 'Server'].map(name => `X-Forwarded-${name}`),
  'Forwarded',
  'Proxy',
];
