// From several texts that differ in a number only, to one text with %(process_num)d in its place. Pure.

interface Form {
  readonly format: string;
  readonly width: number;
}

const usual: readonly Form[] = [
  { format: '%(process_num)02d', width: 2 },
  { format: '%(process_num)d', width: 0 },
];
const wide: Form = { format: '%(process_num)03d', width: 3 };

/** null: the texts differ in something else, or are fewer than two. */
export function numbered(texts: readonly string[], numbers: readonly number[]): string | null {
  const first = texts[0] ?? '';
  if (texts.every(text => text === first)) return first;
  return replaced(texts, numbers, usual) ?? replaced(texts, numbers, [wide, ...usual]);
}

function replaced(
  texts: readonly string[],
  numbers: readonly number[],
  forms: readonly Form[],
): string | null {
  const [first = ''] = texts;
  const at = texts.map(() => 0);
  let out = '';
  while (texts.some((text, index) => (at[index] ?? 0) < text.length)) {
    const form = forms.find(({ width }) =>
      texts.every((text, index) => text.startsWith(show(numbers[index], width), at[index])),
    );
    const char = first[at[0] ?? 0];
    if (form !== undefined) {
      out += form.format;
      numbers.forEach((number, index) => {
        at[index] = (at[index] ?? 0) + show(number, form.width).length;
      });
    } else if (char !== undefined && texts.every((text, index) => text[at[index] ?? 0] === char)) {
      out += char;
      for (const index of at.keys()) at[index] = (at[index] ?? 0) + 1;
    } else return null;
  }
  return out;
}

function show(number: number | undefined, width: number): string {
  return String(number ?? 0).padStart(width, '0');
}
