// Keys of an app's site that need each other: a certificate its key, a redirect a name to lead to.

import { localName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import { isToldWrong, report, type Scope } from './table.ts';

/** `table`: the app's table as it is written. */
export function refuseHalfSite(scope: Scope, app: App, table: Readonly<Record<string, unknown>>): void {
  refuseHalfPair(scope, table);
  refuseRedirects(scope, app);
}

function refuseHalfPair(scope: Scope, table: Readonly<Record<string, unknown>>): void {
  const { certificate, certificate_key: key } = table;
  if (typeof certificate === 'string' && key === undefined)
    report(
      scope,
      ['certificate'],
      'certificate has no certificate_key beside it',
      `certificate_key = ${JSON.stringify(keyBeside(certificate))}`,
    );
  if (typeof key === 'string' && certificate === undefined)
    report(
      scope,
      ['certificate_key'],
      'certificate_key has no certificate beside it',
      `certificate = ${JSON.stringify(key.replace(/privkey(?=[^/]*$)/, 'fullchain'))}`,
    );
}

/** The private key beside a certificate: certbot's live/NAME/privkey.pem, or the same name with the usual ending. */
function keyBeside(certificate: string): string {
  const named = certificate.replace(/fullchain(?=[^/]*$)/, 'privkey');
  return named === certificate ? certificate.replace(/\.[^./]*$|$/, '.key') : named;
}

function refuseRedirects(scope: Scope, app: App): void {
  app.redirectFrom.forEach((name, index) => {
    if (app.serverNames.includes(name) || name === localName(app.name))
      report(
        scope,
        ['redirect_from', index],
        `cannot redirect "${name}": the site is served at this name`,
        'keep it in one of server_names and redirect_from',
      );
  });
  const isNameless = app.serverNames.every(name => name.startsWith('*.'));
  if (app.redirectFrom.length > 0 && isNameless && !isToldWrong(scope, 'server_names'))
    report(
      scope,
      ['redirect_from'],
      'cannot redirect: server_names has no single name to lead to',
      'server_names = ["hello.test"]',
    );
}
