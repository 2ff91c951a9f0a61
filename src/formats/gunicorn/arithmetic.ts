// $((...)) of a shell: whole numbers, + - * / % and brackets.

/** null: the text has an unknown variable, or something else. */
export function calculate(text: string, variables: ReadonlyMap<string, string | null>): string | null {
  const tokens = text.replace(/\$\{(\w+)\}/g, ' $1 ').match(/\d+|[A-Za-z_]\w*|[-+*/%()]|\S/g) ?? [];
  let at = 0;
  const factor = (): number => {
    const token = tokens[at++];
    if (token === '(') {
      const inner = sum();
      return tokens[at++] === ')' ? inner : Number.NaN;
    }
    if (token === '-') return -factor();
    if (token === '+') return factor();
    if (token === '$') return factor();
    if (token === undefined) return Number.NaN;
    const written = /^\d+$/.test(token) ? token : (variables.get(token) ?? '');
    // A leading zero would be octal.
    return /^(0|[1-9]\d*)$/.test(written) ? Number(written) : Number.NaN;
  };
  const product = (): number => {
    let value = factor();
    for (let sign = tokens[at]; sign === '*' || sign === '/' || sign === '%'; sign = tokens[at]) {
      at++;
      const next = factor();
      value = sign === '*' ? value * next : sign === '/' ? Math.trunc(value / next) : value % next;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let sign = tokens[at]; sign === '+' || sign === '-'; sign = tokens[at]) {
      at++;
      value = sign === '+' ? value + product() : value - product();
    }
    return value;
  };
  // Deeper brackets than anybody writes.
  if ((text.match(/[-+(]/g) ?? []).length > 500) return null;
  const value = sum();
  return at === tokens.length && Number.isSafeInteger(value) ? String(value) : null;
}
