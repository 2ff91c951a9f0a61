// hostctl web

import { randomBytes, scryptSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import { HostdError } from '../../errors.ts';
import { digestLength, memoryOf, saltLength, usualCost, writePasswordDigest } from '../../words/password.ts';
import type { Command, Context } from '../program/command.ts';

/** Characters of the shortest password, and of the longest that a login takes. */
const shortest = 8;
const longest = 1000;

export const web: Command = {
  name: 'web',
  summary: 'make the password for the page of [web]',
  usage: 'password',
  help: `
Asks for a password, or reads a line of standard input, and prints the line for [web] of hostd.toml: password = "...". It has
a digest (scrypt) of the password, never the password itself.`,
  options: {},
  operands: { min: 1, max: 1, what: 'password', complete: ['password'] },
  async run(input, context) {
    const [what] = input.operands;
    if (what !== 'password')
      throw new HostdError('usage', `cannot make "${what}"`, { hint: 'hostctl web password' });
    const password = (await readPassword(context)).normalize('NFC');
    if (password.length < shortest || password.length > longest)
      throw new HostdError(
        'usage',
        `cannot use this password: it must have ${shortest} to ${longest} characters`,
        { hint: 'openssl rand -base64 18 | tee /dev/tty | hostctl web password' },
      );
    const salt = randomBytes(saltLength);
    const { ln, r, p } = usualCost;
    const digest = scryptSync(password, salt, digestLength, {
      N: 2 ** ln,
      r,
      p,
      maxmem: memoryOf(usualCost) + 4 * 1024 * 1024,
    });
    const written = writePasswordDigest({ ln, r, p, salt: unpadded(salt), digest: unpadded(digest) });
    context.stdout.write(`password = "${written}"\n`);
    return 0;
  },
};

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** One line; from a terminal without showing it. */
function readPassword({ stderr }: Context): Promise<string> {
  const { stdin } = process;
  return stdin.isTTY === true ? readHidden(stderr) : readLine();
}

function readLine(): Promise<string> {
  return new Promise(resolve => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', line => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(''));
  });
}

/** Return ends it, Backspace takes back a character, Ctrl-U all of them, Ctrl-C gives up. */
function readHidden(stderr: Context['stderr']): Promise<string> {
  const { stdin } = process;
  stderr.write('Password: ');
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (settle: () => void) => {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const take = (text: string) => {
      for (const char of text) {
        if (char === '\r' || char === '\n') return end(() => resolve(typed));
        if (char === '\u0003' || char === '\u0004')
          return end(() => reject(new HostdError('usage', 'cannot go on without a password')));
        if (char === '\u0015') typed = '';
        else if (char === '\u007f' || char === '\b') typed = [...typed].slice(0, -1).join('');
        else if (char >= ' ') typed += char;
      }
    };
    stdin.on('data', take);
  });
}
