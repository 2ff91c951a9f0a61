// HTTP dates (RFC 9110 section 5.6.7) to whole seconds since 1970 and back. Pure.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const forms = [
  /^(?<name>[A-Z][a-z]{2}), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?: GMT)?$/, // IMF-fixdate
  /^(?<name>[A-Z][a-z]{5,8}), (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?: GMT)?$/, // RFC 850
  /^(?<name>[A-Z][a-z]{2}) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})$/, // asctime
];

export function formatHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}

/** null for a text in none of the three forms, or of a day that no calendar has. */
export function parseHttpDate(text: string): number | null {
  for (const form of forms) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return toSeconds(parts);
  }
  return null;
}

function toSeconds(parts: Readonly<Record<string, string>>): number | null {
  const number = (name: string): number => Number(parts[name]);
  const month = months.indexOf(parts['month'] ?? '');
  if (month === -1) return null;
  const short = parts['year']?.length === 2;
  const year = short ? number('year') + (number('year') < 70 ? 2000 : 1900) : number('year');
  const [day, h, m, s] = [number('day'), number('h'), number('m'), number('s')];
  if (h > 23 || m > 59 || s > 59) return null;
  const date = new Date(Date.UTC(year, month, day, h, m, s));
  return date.getUTCDate() === day ? date.getTime() / 1000 : null;
}
