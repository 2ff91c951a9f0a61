import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ownCommands, shownCommands } from '../../../scripts/shown-commands.ts';
import { splitWords } from '../../words/shlex.ts';
import { hostctl, hostd } from '../tables.ts';
import { parseCommand, splitCommand } from './arguments.ts';
import { commonOptions, entries } from './command.ts';
import { find } from './program.ts';

/** A page of this project as plain text, without troff's fonts and escapes. */
function page(path: string): string {
  const text = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  return text.replaceAll('\\-', '-').replaceAll(/\\f./g, '');
}

for (const [program, path] of [
  [hostctl, 'man/hostctl.1'],
  [hostd, 'man/hostd.8'],
  [hostctl, 'docs/commands.md'],
  [hostd, 'docs/commands.md'],
] as const)
  test(`${path} tells of every command and option of ${program.name}`, async () => {
    const text = page(path);
    for (const entry of entries(program)) {
      const command = await entry.load();
      assert.match(text, new RegExp(`[\` ]${command.name}\\b`), command.name);
      for (const [name, { short }] of Object.entries(command.options)) {
        const isThere = text.includes(`--${name}`) || (short !== undefined && text.includes(`-${short}`));
        assert.ok(isThere, `--${name} of ${command.name}`);
      }
    }
    for (const name of Object.keys({ ...commonOptions, ...program.options }))
      assert.ok(text.includes(`--${name}`), `--${name}`);
  });

test('the manual tells of no option that there is not', async () => {
  for (const [program, path] of [
    [hostctl, 'man/hostctl.1'],
    [hostd, 'man/hostd.8'],
  ] as const) {
    const commands = await Promise.all(entries(program).map(entry => entry.load()));
    const known = [commonOptions, program.options, ...commands.map(command => command.options)].flatMap(
      Object.keys,
    );
    for (const [, name = ''] of page(path).matchAll(/--([a-z][a-z-]+)/g))
      assert.ok([...known, 'version'].includes(name), `${path}: --${name}`);
  }
});

/** Throws where hostd or hostctl would refuse this command line. Brackets of a usage line are removed. */
async function parse(text: string, min?: number): Promise<void> {
  const split = splitWords(text.replaceAll(/[[\]]/g, ''));
  assert.ok(split.ok);
  const [name, ...words] = split.words;
  const program = name === 'hostd' ? hostd : hostctl;
  const common = { ...commonOptions, ...program.options };
  const { command, rest } = splitCommand(words, common);
  const { options, operands } = await find(program, command ?? '');
  parseCommand(rest, { ...common, ...options }, { ...operands, min: min ?? operands.min });
}

test('README and docs/ show no command line that is wrong use', async () => {
  const docs = readdirSync(new URL('../../../docs', import.meta.url)).filter(name => name.endsWith('.md'));
  for (const path of ['README.md', ...docs.map(name => `docs/${name}`)]) {
    const text = page(path);
    const lines = (texts: readonly string[]) => texts.flatMap(ownCommands);
    for (const line of lines(shownCommands(text).map(command => command.text)))
      await assert.doesNotReject(parse(line), `${path}: ${line}`);
    // A sentence may name a command without its operands.
    const prose = [...text.matchAll(/`((?:sudo )?host(?:ctl|d) [a-z][^`]*)`/g)];
    for (const line of lines(prose.map(([, named = '']) => named)))
      await assert.doesNotReject(parse(line, 0), `${path}: ${line}`);
  }
});
