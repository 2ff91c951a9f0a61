// hostd's reader of a supervisord.conf beside Supervisor's own: of each file of the corpus both have the same values, or say
// the same and end alike.

import assert from 'node:assert/strict';
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Exit, readArguments, realize } from '../src/supervisord/config/options.ts';
import { thisMachine } from '../src/supervisord/machine.ts';
import { makePlace } from './harness/place.ts';
import { isBefore } from './harness/programs.ts';
import { type Case, corpus } from './supervisord/corpus.ts';

const python = '/usr/bin/python3';
const reader = join(import.meta.dirname, 'supervisord/genuine.py');
const environment = {
  PATH: '/usr/bin:/bin',
  HOME: '/root',
  FOO: 'a',
  LANG: 'C.UTF-8',
  PERCENT: '50%',
  PYTHONDONTWRITEBYTECODE: '1',
};

test('what Supervisor makes of a configuration is what hostd makes of it', async t => {
  const version = genuineVersion();
  if (version === null) {
    t.skip('supervisor is not installed for /usr/bin/python3');
    return;
  }
  const place = makePlace(t);
  const commands = corpus.map((one, index) => lay(one, join(place.dir, `case-${index}`)));
  const said = JSON.parse(
    execFileSync(python, [reader], {
      input: JSON.stringify(commands),
      env: environment,
      cwd: place.dir,
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    }),
  ) as unknown[];
  const machine = { ...thisMachine(), environment, directory: place.dir, temporary: '/tmp' };
  for (const [index, one] of corpus.entries()) {
    const args = commands[index] ?? [];
    const { until } = one;
    const skip = until !== undefined && !isBefore(version.python, until) && `Python ${version.python}`;
    await t.test(one.name === '' ? 'no name' : one.name, { skip }, () => {
      assert.deepEqual(ours(args, machine), said[index], `${one.text}\n${args.join(' ')}`);
    });
  }
});

/** null: Supervisor is not installed for this Python. */
function genuineVersion(): { readonly python: string } | null {
  const ask = 'import platform, supervisor.options; print(platform.python_version())';
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    return { python: execFileSync(python, ['-c', ask], options).trim() };
  } catch {
    return null;
  }
}

/** Writes the case's files, and returns its command line. */
function lay({ text, files = {}, args }: Case, directory: string): string[] {
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path), { recursive: true });
    const here = typeof content === 'string' ? content.replaceAll('%DIR%', directory) : content;
    writeFileSync(path, here);
  };
  put(join(directory, 'supervisord.conf'), text);
  for (const [name, content] of Object.entries(files)) put(join(directory, name), content);
  const command = args ?? ['-c', join(directory, 'supervisord.conf')];
  return command.map(word => word.replaceAll('%DIR%', directory));
}

function ours(args: readonly string[], machine: ReturnType<typeof thisMachine>): unknown {
  try {
    const real = realize(readArguments(args, 'supervisord', machine), 'supervisord', machine);
    const { file: _, configuration, environment: shared, ...own } = real;
    const { groups, servers, interfaces, warnings, infos } = configuration;
    return plain({
      value: {
        ...own,
        environment: shared,
        groups: groups.map(group =>
          group.kind === 'eventlistener' ? { ...group, events: [...group.events].sort() } : group,
        ),
        servers,
        interfaces,
        warnings,
        infos,
      },
    });
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { code: error.code, out: error.stdout + error.stderr };
  }
}

/** Maps as objects. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) => (part instanceof Map ? Object.fromEntries(part) : part)),
  ) as unknown;
}
