// What a handshake says about a certificate's chain, in words for an operator. Its files, names and end are judged by check/certificates.ts.
// Pure.

import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import type { VisitedTls } from '../../protocol/visit.ts';
import { found, type Looked, made, nothing } from '../finding.ts';

/** `whose`: the app's own certificate, or that of a web server in front, whose files nobody has judged. */
export function judgeTls({ fault }: VisitedTls, app: App, whose: 'own' | 'front'): Looked {
  if (fault === null) return nothing;
  const files =
    (whose === 'own' ? app.certificate?.certificate : null) ?? 'the one of the web server in front';
  const renewal = `certbot certonly -d ${plainName(app)}`;
  const say = (severity: 'error' | 'warning', message: string, hint: string) =>
    found(made('certificate', severity, message, hint));
  switch (fault) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return say('error', `its certificate is self-signed: browsers refuse it (${files})`, renewal);
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return say(
        'warning',
        `its certificate is from an authority that this machine does not trust (${files})`,
        `${renewal}; a private authority belongs into /usr/local/share/ca-certificates`,
      );
    // OpenSSL says so of a certificate that comes alone.
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return say(
        'error',
        `its certificate comes without the chain to an authority that this machine trusts (${files})`,
        'certificate = ".../fullchain.pem", not cert.pem',
      );
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return say(
        'error',
        `the chain of its certificate leads to no authority that this machine trusts (${files})`,
        `is the whole chain in the file? ${renewal}; a private authority belongs into /usr/local/share/ca-certificates`,
      );
    // The files' own judge has more to say about these.
    case 'CERT_HAS_EXPIRED':
      return whose === 'own'
        ? nothing
        : say(
            'error',
            'the certificate of the web server in front has expired',
            'certbot renew, and reload it',
          );
    case 'CERT_NOT_YET_VALID':
      return whose === 'own'
        ? nothing
        : say('error', 'the certificate of the web server in front is not valid yet', 'date');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return whose === 'own'
        ? nothing
        : say('error', `the certificate of the web server in front is not for ${plainName(app)}`, renewal);
    default:
      return say(
        'warning',
        `its certificate is not trusted here: ${fault} (${files})`,
        `openssl s_client -connect localhost:443 -servername ${plainName(app)}`,
      );
  }
}
