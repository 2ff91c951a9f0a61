// How nginx keeps a place from the public: internal, allow and deny, passwords, certificates of clients, answers of 403. hostd cannot do
// any of it, so a reader of a virtual host asks here before anything is served.

import { conditionOf } from './condition.ts';
import { isKnownFile } from './include.ts';
import type { Directive } from './syntax.ts';

/** What is in force at one place. As in nginx, each kind comes from the innermost block that has any of it. */
export interface Access {
  readonly rules: readonly Directive[];
  readonly password: Directive | null;
  /** auth_request, auth_jwt, access_by_lua_block, ...: something else decides. */
  readonly judges: readonly Directive[];
  readonly certificate: Directive | null;
  /** internal, limit_except, and refusals in this very block. */
  readonly refusals: readonly Directive[];
}

export const openAccess: Access = {
  rules: [],
  password: null,
  judges: [],
  certificate: null,
  refusals: [],
};

/** What is in force within a block, inside another. */
export function accessWithin(block: readonly Directive[], outer: Access): Access {
  const named = (...names: readonly string[]) => block.filter(({ name }) => names.includes(name));
  const rules = named('allow', 'deny');
  const judges = block.filter(({ name }) => isJudge(name));
  return {
    rules: rules.length > 0 ? rules : outer.rules,
    password: named('auth_basic').at(-1) ?? outer.password,
    judges: judges.length > 0 ? judges : outer.judges,
    certificate: named('ssl_verify_client').at(-1) ?? outer.certificate,
    refusals: [...outer.refusals, ...block.filter(refuses)],
  };
}

/** The directive that keeps the place from the public; null: everybody may see it. */
export function guardOf({ rules, password, judges, certificate, refusals }: Access): Directive | null {
  const candidates = [
    refusals[0] ?? null,
    denyAll(rules),
    isOff(password) ? null : password,
    judges.find(judge => !isOff(judge)) ?? null,
    isOff(certificate) ? null : certificate,
  ];
  return candidates.find(candidate => candidate !== null) ?? null;
}

/** Directives that guardOf judges, so a reader need not report them. */
export function isAboutAccess(directive: Directive): boolean {
  const { name } = directive;
  return (
    [
      'allow',
      'auth_basic',
      'auth_basic_user_file',
      'satisfy',
      'ssl_verify_client',
      'ssl_client_certificate',
    ].includes(name) ||
    ['ssl_verify_depth', 'ssl_crl', 'ssl_trusted_certificate', 'auth_request_set', 'auth_delay'].includes(
      name,
    ) ||
    isJudge(name) ||
    (name === 'deny' && isEverybody(directive)) ||
    refuses(directive)
  );
}

/** Whether it only hides files that begin with a dot. */
export function hidesOnlyDots({ args }: Directive): boolean {
  const [modifier = '', pattern = ''] = args;
  return modifier.startsWith('~') && /^(\^|\^?\.\*)?(\/|\((\?:)?\^\|\/\))\\\./.test(pattern);
}

/** Whether these are paths of programs in other languages, which no Django site has. */
export function hidesForeignPrograms(args: readonly string[]): boolean {
  const path = args.at(-1) ?? '';
  return (
    /(php|aspx?|jspx?|cgi|\bpl\b|wp-(admin|login|content|includes))/i.test(path) &&
    !/\|(?!php|aspx?|jspx?|cgi|pl|py|sh|rb|wp-)/.test(path)
  );
}

function denyAll(rules: readonly Directive[]): Directive | null {
  for (const rule of rules) if (isEverybody(rule)) return rule.name === 'deny' ? rule : null;
  return null;
}

function isEverybody({ args }: Directive): boolean {
  return ['all', '0.0.0.0/0', '::/0'].includes(args[0] ?? '');
}

function isOff(directive: Directive | null): boolean {
  return directive === null || directive.args[0] === 'off';
}

function isJudge(name: string): boolean {
  return (
    /^(access|rewrite|content)_by_lua/.test(name) ||
    (name.startsWith('auth_') &&
      !['auth_basic', 'auth_basic_user_file', 'auth_request_set', 'auth_delay'].includes(name))
  );
}

function refuses(directive: Directive): boolean {
  const { name, args, block } = directive;
  // A file that hostd cannot read may say anything.
  if (name === 'internal' || (name === 'include' && !isKnownFile(args[0] ?? ''))) return true;
  if (name === 'return') return isRefusal(args[0] ?? '');
  if (name === 'limit_except') return guardOf(accessWithin(block ?? [], openAccess)) !== null;
  return name === 'if' && !isHarmless(args) && (block ?? []).some(refuses);
}

/** Answers that refuse, or pretend that there is nothing. */
function isRefusal(status: string): boolean {
  return ['401', '403', '404', '410', '423', '444', '451'].includes(status);
}

/** Whether a condition does not tell friends from strangers: names, methods, browsers, schemes, signs of an attack. */
function isHarmless(args: readonly string[]): boolean {
  const subject = conditionOf(args)?.subject ?? '';
  return /^\$(host|http_host|server_name|server_port|request_method|http_user_agent|http_referer|args|query_string|scheme|https)$/.test(
    subject,
  );
}
