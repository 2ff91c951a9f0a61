// Reads one page of Markdown: its HTML, its headings' anchors, its links, and the text of each section for the search. Pure.

import { Marked, type Token, type Tokens } from 'marked';

export interface Section {
  /** The heading's anchor; "" above the first one. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface Page {
  readonly title: string;
  readonly html: string;
  readonly sections: readonly Section[];
  /** As they are written: "proxy.md#limits", "images/x.png", "https://...". */
  readonly links: readonly string[];
}

/** `hrefOf` says where a link of the page leads in the HTML. */
export function readPage(markdown: string, hrefOf: (href: string) => string = href => href): Page {
  const marked = new Marked({ gfm: true });
  const tokens = marked.lexer(markdown);
  const ids = new Map<Tokens.Heading, string>();
  const taken = new Map<string, number>();
  const sections: { id: string; title: string; text: string }[] = [{ id: '', title: '', text: '' }];
  for (const token of tokens) {
    const last = sections.at(-1);
    if (token.type === 'heading') {
      const heading = token as Tokens.Heading;
      const title = textOf(heading.tokens);
      const id = unique(slug(title), taken);
      ids.set(heading, id);
      sections.push({ id, title, text: '' });
    } else if (last !== undefined) last.text = `${last.text} ${textOf([token])}`.trim();
  }
  const links: string[] = [];
  marked.walkTokens(tokens, token => {
    if (token.type === 'link' || token.type === 'image') {
      links.push(token.href);
      token.href = hrefOf(token.href);
    }
  });
  marked.use({
    renderer: {
      heading(token) {
        const { depth, tokens: inner } = token;
        const id = ids.get(token) ?? '';
        return `<h${depth} id="${id}"><a href="#${id}">${this.parser.parseInline(inner)}</a></h${depth}>\n`;
      },
    },
  });
  const title = sections.find(section => section.title !== '')?.title ?? '';
  return { title, html: marked.parser(tokens), sections, links };
}

/** GitHub's anchor of a heading: small letters, hyphens for blanks, no punctuation. */
export function slug(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}

function unique(id: string, taken: Map<string, number>): string {
  const count = taken.get(id) ?? 0;
  taken.set(id, count + 1);
  return count === 0 ? id : `${id}-${count}`;
}

/** What a reader sees of these tokens, in one line. */
function textOf(tokens: readonly Token[]): string {
  const words = tokens.map(token => {
    if (token.type === 'list') return (token as Tokens.List).items.map(item => textOf(item.tokens)).join(' ');
    if (token.type === 'table') {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].map(row => row.map(cell => textOf(cell.tokens)).join(' ')).join(' ');
    }
    if ('tokens' in token && token.tokens !== undefined) return textOf(token.tokens);
    return 'text' in token ? String(token.text) : '';
  });
  return words.join('').replaceAll(/\s+/g, ' ');
}
