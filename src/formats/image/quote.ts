// How texts are written in a Containerfile (Dockerfile reference, "Environment replacement"). Pure.

/** A value of ENV, within quotes. */
export function quoteVariable(value: string): string {
  return `"${value.replace(/[\\"$]/g, '\\$&')}"`;
}

/** A path of COPY or WORKDIR in which the builder finds nothing to replace. */
export function escapeWord(path: string): string {
  return path.replace(/[\\"'$]/g, '\\$&');
}

/** Words in the form that no shell reads. */
export function quoteWords(words: readonly string[]): string {
  return `[${words.map(word => JSON.stringify(word)).join(', ')}]`;
}

/** A pattern of .containerignore that means this name alone. */
export function escapePattern(name: string): string {
  return name.replace(/[*?[\]\\]/g, '\\$&');
}
