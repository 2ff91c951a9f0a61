// Header fields that only a proxy may send: the hardened file clears a client's, and what clears them comes to what hostd's own
// proxy does. Proxy would become HTTP_PROXY, where CGI's names are used (httpoxy).

export const neverClients: readonly string[] = [
  ...['Ssl', 'Protocol', 'Scheme', 'Prefix', 'Server'].map(name => `X-Forwarded-${name}`),
  'Forwarded',
  'Proxy',
];
