// Which of a program's variables are secret. Their names alone go into what is emitted. Pure.

/** Parts of names, as people call what nobody else may know. */
const secretNames =
  /SECRET|PASS(WORD|WD|PHRASE)|(^|_)PASS(_|$)|PWD$|TOKEN|CREDENTIAL|PRIVATE|SALT|SIGNING|DSN|(^|_)(API|ACCESS|ENCRYPTION|AUTH)?_?KEY(S|_ID)?$|WEBHOOK/;

/** An address with a password in it: postgres://hello:secret@db/hello. */
const withPassword = /:\/\/[^/?#\s]*:[^/?#\s]*@/;

/** A PEM file's text. */
const withKey = /-----BEGIN [A-Z ]*PRIVATE KEY/;

export function isSecret(name: string, value: string): boolean {
  return secretNames.test(name.toUpperCase()) || withPassword.test(value) || withKey.test(value);
}

export interface Variables {
  readonly plain: Readonly<Record<string, string>>;
  /** Names alone. */
  readonly secrets: readonly string[];
}

/** Both in the order of names, so that a file differs only where something has changed. */
export function variablesOf(environment: Readonly<Record<string, string>>): Variables {
  const entries = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    plain: Object.fromEntries(entries.filter(([name, value]) => !isSecret(name, value))),
    secrets: entries.filter(([name, value]) => isSecret(name, value)).map(([name]) => name),
  };
}
