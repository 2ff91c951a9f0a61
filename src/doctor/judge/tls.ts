// What a handshake says about a certificate's chain, in words for an operator. Its files, names and end are judged by check/certificates.ts.
// Pure.

import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import type { VisitedTls } from '../../protocol/visit.ts';
import { found, type Looked, made, nothing } from '../finding.ts';

export function judgeTls({ fault }: VisitedTls, app: App): Looked {
  if (fault === null) return nothing;
  const files = app.certificate?.certificate ?? 'its certificate';
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
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return say(
        'error',
        `its certificate comes without the chain to an authority that this machine trusts (${files})`,
        'certificate = ".../fullchain.pem", not cert.pem',
      );
    // The files' own judge has more to say about these.
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return nothing;
    default:
      return say(
        'warning',
        `its certificate is not trusted here: ${fault} (${files})`,
        `openssl s_client -connect localhost:443 -servername ${plainName(app)}`,
      );
  }
}
