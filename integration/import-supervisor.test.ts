// Supervisor's configuration as hostd reads it, held to Supervisor's own parser from the Debian package, case by case.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { must, run } from '../scripts/run.ts';
import { load } from '../src/config/load.ts';
import { importDrafts } from '../src/formats/import/import.ts';
import type { Process } from '../src/formats/supervisor/process.ts';
import { configuredIn } from '../src/formats/supervisor/read.ts';
import { supervisor } from '../src/formats/supervisor/supervisor.ts';
import { numberOfSignal } from '../src/linux/signals.ts';
import { formatProblem } from '../src/model/problem.ts';
import { native } from '../src/native/index.ts';
import { splitWords } from '../src/words/shlex.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { garbage, nasty } from './import/supervisor-nasty.ts';

const python = findProgram('python3') ?? 'python3';
const where = await run([python, '-c', 'import os, supervisor; print(os.path.dirname(supervisor.__file__))']);
const needsSupervisor = where.code === 0 ? false : 'needs Supervisor: apt-get install supervisor';

interface Answer {
  readonly programs?: readonly Record<string, unknown>[];
  readonly error?: string;
  /** This Python is 3.13 or later, and reads comments in the text otherwise than those before, whose way is hostd's. */
  readonly otherwise?: boolean;
}

/** What hostd makes of a text, in the words of supervisor_reads.py; null: it has errors. */
function ours(text: string): readonly Record<string, unknown>[] | null {
  const { definitions, groups, errors } = configuredIn(text, '/HERE/supervisord.conf');
  if (errors.length > 0) return null;
  const all = definitions
    .filter(({ kind }) => kind === 'program')
    .flatMap(({ name, processes, section }) => {
      const group = groups.find(group => group.programs.includes(section.name.slice('program:'.length)));
      return processes.map(process =>
        seen(process, group?.name ?? name, group?.priority ?? process.priority),
      );
    });
  return all.toSorted((a, b) => key(a).localeCompare(key(b)));
}

const key = (program: Record<string, unknown>) => `${program['group']} ${program['name']}`;

function seen(process: Process, group: string, groupPriority: number): Record<string, unknown> {
  const { number: _, user, stopsignal, ...rest } = process;
  const uid =
    user === null ? null : (native.user(/^\d+$/.test(user) ? Number(user) : user)?.uid ?? 'unknown');
  return { ...rest, group, groupPriority, uid, stopsignal: numberOfSignal(stopsignal) };
}

/** Lines that people write, and pieces of them, in any order. */
const chance = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[program:b]',
        '[program:a]',
        ' [program:c]',
        '[group:g]\nprograms=a',
        '; note',
        '# note',
        '',
        '  ',
        'user=nobody',
        'numprocs=2\nprocess_name=p%(process_num)d',
      ),
      fc
        .tuple(
          fc.constantFrom(
            'command=',
            'environment=',
            'directory = ',
            'stdout_logfile=/tmp/',
            '  more',
            'command : ',
            'priority=',
            'environment=A="1",B=',
          ),
          fc.array(
            fc.constantFrom(
              'x',
              ' ',
              '"',
              "'",
              ';',
              ' ;',
              '#',
              ' #',
              '%%',
              '%',
              '%(program_name)s',
              '%(process_num)02d',
              '%(here)s',
              '=',
              ',',
              '\\',
              '\n  ',
              '\t',
              '7',
              '(',
              '.',
              '-',
              'ü',
              '~',
              '$',
            ),
            { maxLength: 6 },
          ),
        )
        .map(([key, parts]) => key + parts.join('')),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map(lines => `[supervisord]\n[program:a]\ncommand=/bin/cat\n${lines.join('\n')}\n`);

async function ask(texts: readonly string[]): Promise<readonly Answer[]> {
  const script = join(import.meta.dirname, 'import/supervisor_reads.py');
  return JSON.parse(
    await must('ask Supervisor', [python, script], { input: JSON.stringify(texts) }),
  ) as Answer[];
}

test('every nasty configuration is read as Supervisor reads it, or refused as it refuses it', {
  skip: needsSupervisor,
}, async () => {
  const answers = await ask(nasty);
  assert.ok(answers.filter(({ otherwise }) => !otherwise).length >= 40);
  nasty.forEach((text, index) => {
    const { programs, error, otherwise } = answers[index] ?? {};
    if (otherwise) return;
    if (text === garbage) {
      assert.equal(ours(text), null);
      return;
    }
    const expected = programs?.toSorted((a, b) => key(a).localeCompare(key(b))) ?? null;
    assert.deepEqual(ours(text), expected, `${JSON.stringify(text)}\nSupervisor: ${error ?? 'accepts it'}`);
  });
});

test('configurations made up by chance are read as Supervisor reads them', {
  skip: needsSupervisor,
}, async () => {
  const texts = fc.sample(chance, { numRuns: 1500 });
  const answers = await ask(texts);
  texts.forEach((text, index) => {
    const { programs, error = '', otherwise } = answers[index] ?? {};
    if (otherwise) return;
    // Whether directories and users exist is no matter of reading.
    if (/The directory named|Invalid user name/.test(error)) return;
    // A dictionary's text in the middle of a value (after %% in the second reading): Supervisor takes it, hostd calls it a mistake.
    if (/% ?[a-zA-Z]|%%/.test(text) && ours(text) === null) return;
    const expected = programs?.toSorted((a, b) => key(a).localeCompare(key(b))) ?? null;
    assert.deepEqual(ours(text), expected, `${JSON.stringify(text)}\nSupervisor: ${error}`);
  });
});

test("every setting of Supervisor's own sample, uncommented, comes through import and emit", {
  skip: needsSupervisor,
}, async t => {
  const sample = readFileSync(`${where.stdout.trim()}/skel/sample.conf`, 'utf8');
  const begin = sample.indexOf(';[program:theprogramname]');
  const settings = sample
    .slice(begin, sample.indexOf('; The sample eventlistener'))
    .replace(/^;(?=[[a-z])/gm, '')
    .replaceAll('/a/path', '/tmp/sample.log')
    .replace('user=chrism ', 'user=nobody ');
  const text = `[supervisord]\n${settings}`;
  const place = makePlace(t);
  const read = supervisor.read?.([{ file: '/HERE/supervisord.conf', text }], around);
  const imported = importDrafts(read?.drafts ?? []);
  assert.deepEqual(read?.problems, []);
  const lost = imported.problems.map(({ message }) => /^not imported: (\w+)=/.exec(message)?.[1]);
  assert.deepEqual(lost, []);
  const again = emitted(place, imported.files.map(file => file.text).join(''));
  const [before, after] = await ask([text, again]);
  assert.equal(before?.programs?.length, 1);
  assert.deepEqual(after?.programs?.map(meaning), before.programs.map(meaning), again);
});

test('what is imported and emitted again is the same to Supervisor, wherever nothing was reported as lost', {
  skip: needsSupervisor,
}, async t => {
  const place = makePlace(t);
  const cases = nasty.flatMap(text => {
    const imported = importText(text);
    return imported === null ? [] : [{ text, again: emitted(place, imported) }];
  });
  assert.ok(cases.length >= 40, `${cases.length} cases`);
  const [before, after] = [
    await ask(cases.map(({ text }) => text)),
    await ask(cases.map(({ again }) => again)),
  ];
  cases.forEach(({ text, again }, index) => {
    if (before[index]?.otherwise || after[index]?.otherwise) return;
    const said = `${JSON.stringify(text)} became\n${again}`;
    assert.deepEqual(after[index]?.programs?.map(meaning), before[index]?.programs?.map(meaning), said);
  });
});

const around = { include: () => [], environment: {}, machineName: 'host' };

/** TOML, or null where import has something to report. */
function importText(text: string): string | null {
  const read = supervisor.read?.([{ file: '/HERE/supervisord.conf', text }], around);
  const imported = importDrafts(read?.drafts ?? []);
  if (read === undefined || read.problems.length > 0 || imported.problems.length > 0) return null;
  return imported.files.map(file => file.text).join('\n');
}

function emitted(place: Place, toml: string): string {
  const config = place.write(
    'hostd.toml',
    `[hostd]\nlog_dir = ${JSON.stringify(place.directory('logs'))}\n${toml}`,
  );
  const { host, problems } = load(config, { machine: null });
  assert.deepEqual(problems.filter(({ severity }) => severity === 'error').map(formatProblem), [], toml);
  const { files = [] } = supervisor.write?.(host, { plain: true }) ?? {};
  return `[supervisord]\n${files.map(file => (file.kind === 'file' ? file.text : '')).join('\n')}`;
}

/** AUTO logs are hostd's own afterwards, and a command is its words. */
function meaning(program: Record<string, unknown>): Record<string, unknown> {
  const log = (value: unknown) => {
    const { path, ...rest } = value as { path: string | null };
    return path === null
      ? 'none'
      : { ...rest, path: path === 'AUTO' || /^\/tmp\/hostd-test-\w+\/logs\//.test(path) ? 'AUTO' : path };
  };
  const split = splitWords(String(program['command']));
  return {
    ...program,
    command: split.ok ? split.words : null,
    umask: program['umask'] ?? 0o022,
    directory: program['directory'],
    stdout: log(program['stdout']),
    stderr: log(program['stderr']),
  };
}
