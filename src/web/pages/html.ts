// HTML that is safe by its making: whatever is put into a template is escaped, unless it is HTML of a template itself. Pure.

import { escapeHtml } from '../../words/html.ts';

export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | null | readonly Part[];

/** A template whose parts are escaped; null is nothing. Attributes must be in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => `${text}${textOf(parts[index] ?? null)}`).join(''));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return (part as readonly Part[]).map(textOf).join('');
  return escapeHtml(visible(String(part)));
}

/** Characters that would move or hide the text around them are shown as their codes. */
function visible(text: string): string {
  return text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
