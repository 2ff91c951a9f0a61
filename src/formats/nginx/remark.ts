// What is told of a directive that is not imported. Pure.

import type { Remark } from '../draft.ts';
import { quoteNginx } from './quote.ts';
import type { Directive } from './syntax.ts';

/** `of`: the site that it belongs to; null: none. */
export function remarkOn(directive: Directive, of: string | null, why: string): Remark {
  return { kind: 'remark', at: directive.at, why, line: show(directive), of };
}

/** The directive on one line, whatever is inside. */
export function show({ name, args, block }: Directive): string {
  const head = [name, ...args].map(quoteNginx).join(' ');
  if (block === null) return `${head};`;
  const inner = block.map(show).join(' ');
  return `${head} { ${inner}${inner === '' ? '' : ' '}}`;
}
