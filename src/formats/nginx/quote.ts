// How a word is written in nginx's configuration (ngx_conf_read_token): in quotes where a blank, a quote or a bracket would end it.

/** The word itself where that is possible. "$" begins a variable in most directives, and cannot be escaped. */
export function quoteNginx(word: string): string {
  if (/^[^\s;{}'"\\#$]+[^\s;{}'"\\]*$/.test(word)) return word;
  const escaped = word
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

/** The part of a variable's name that stands for an app: letters and digits stay, other characters become _ and their code. */
export function variablePart(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, char => `_${char.charCodeAt(0).toString(16)}`);
}
