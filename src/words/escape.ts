// Text from apps and from the disk, made safe for a terminal: an app must not be able to move a root user's cursor.

// C0 and C1 controls, DEL, and what turns the direction of text around (Unicode Cc, Bidi_Control) or ends a line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line, in which each character that a terminal would obey is written as \n, \t, \xNN or \uNNNN. */
export function escapeLine(text: string): string {
  return text.replace(unsafe, escapeCharacter);
}

/** The same, but the ends of lines stay. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeLine).join('\n');
}

/** JSON of the same value, with \u escapes for what a terminal would obey. */
export function escapeJson(value: unknown): string {
  return escapeJsonText(JSON.stringify(value, null, 2));
}

/** The same for JSON text. */
export function escapeJsonText(json: string): string {
  return json.replace(unsafe, character => (character === '\n' ? character : `\\u${hex(character, 4)}`));
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default:
      return character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
  }
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
