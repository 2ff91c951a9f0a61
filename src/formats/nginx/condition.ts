// The condition of nginx's `if`, whose words are separated by quotes and blanks in several ways.

export interface Condition {
  /** "$scheme"; in a test for a file, the path. */
  readonly subject: string;
  /** "=", "!=", "~", ..., "-f"; "" where the subject alone is the condition. */
  readonly operator: string;
  readonly value: string;
}

/** null: more words than any condition has. */
export function conditionOf(args: readonly string[]): Condition | null {
  const words = args.map(plainVariables);
  const first = (words[0] ?? '').replace(/^\(/, '');
  const inner = [...(first === '' ? [] : [first]), ...words.slice(1)];
  const last = inner.pop() ?? '';
  // After a quoted word the bracket is a word of its own.
  if (last !== ')') inner.push(last.replace(/\)$/, ''));
  const [one = '', two = '', three = '', ...more] = inner;
  if (more.length > 0) return null;
  if (/^!?-[fdex]$/.test(one)) return { subject: two, operator: one, value: '' };
  return { subject: one, operator: two, value: three };
}

/** Writes `${name}` as `$name`, where the next character cannot belong to the name. */
export function plainVariables(text: string): string {
  return text.replace(/\$\{(\w+)\}(?!\w)/g, '$$$1');
}

/** Whether it is true for requests by http, and for no others. */
export function isAboutHttp(condition: Condition | null): boolean {
  if (condition === null) return false;
  const { subject, operator, value } = condition;
  const said = value.toLowerCase();
  if (/^\$hostd_\w+_insecure$/.test(subject)) return operator === '';
  if (operator === '=')
    return (
      (subject === '$scheme' && said === 'http') ||
      (subject === '$https' && said === '') ||
      (subject === '$server_port' && said === '80')
    );
  return (
    operator === '!=' &&
    ((subject === '$scheme' && said === 'https') ||
      (subject === '$https' && said === 'on') ||
      (subject === '$server_port' && said === '443'))
  );
}
