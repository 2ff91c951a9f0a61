import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostctl, hostd } from '../tables.ts';
import { commonOptions, entries } from './command.ts';

/** A page of this project as plain text: troff's fonts and escapes taken out. */
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
