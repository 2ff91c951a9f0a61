// The start script of an app's gunicorn, ROOT/bin/gunicorn_start: written here, read by read.ts.

import { dirname, relative } from 'node:path';
import { appEnvironment, leavesToFile, tuning } from '../../model/app.ts';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { App, Host, Program } from '../../model/host.ts';
import { quoteWord } from '../../words/shlex.ts';
import { cannotSay, type Format, type OutputFile, type WriteOptions } from '../format.ts';
import { elsewhereProblems, isScripted, startScript, writtenBy } from '../layout.ts';
import { looksLikeScript, readStartScript } from './read.ts';

export const gunicornStart: Format = {
  name: 'gunicorn-start',
  looksLike: looksLikeScript,
  read: readStartScript,
  write(host, options) {
    const here = host.apps.filter(app => !isElsewhere(app));
    const files = here.filter(isScripted).map(
      (app): OutputFile => ({
        kind: 'file',
        path: startScript(app),
        text: scriptText(app, programOf(host, app), options),
        mode: extrasOf(app, programOf(host, app)).length === 0 ? 0o755 : 0o700,
        owner: app.name,
        reader: app.user,
      }),
    );
    const commanded = here.filter(app => !isScripted(app));
    return {
      files,
      problems: [
        ...commanded.map(app =>
          cannotSay(
            app.name,
            { ...app.source, key: [...app.source.key, 'command'] },
            `gunicorn-start: app "${app.name}" has a command of its own: there is no script to write`,
            'leave out command',
          ),
        ),
        ...elsewhereProblems(host, 'gunicorn-start'),
      ],
    };
  },
};

function programOf(host: Host, app: App): Program | undefined {
  return host.programs.find(program => program.name === app.name);
}

/** The variables that not every app has. */
function extrasOf(app: App, program: Program | undefined): readonly (readonly [string, string])[] {
  const usual = appEnvironment({ ...app, env: {} });
  return Object.entries(program?.environment ?? appEnvironment(app)).filter(
    ([name, value]) => usual[name] !== value,
  );
}

function scriptText(app: App, program: Program | undefined, { plain }: WriteOptions): string {
  const variables = variableLines(app, plain);
  const exports = extrasOf(app, program).map(([name, value]) => `export ${name}=${quoteWord(value)}`);
  const isBare = [
    app.processName,
    app.project,
    app.socket,
    app.user,
    app.group ?? '',
    app.settings,
    app.wsgi,
  ].every(text => text === '' || quoteWord(text) === text);
  const ref = (name: string) => (plain && isBare ? `$${name}` : `"$${name}"`);
  const body = plain ? plainBody(app, ref, exports) : hardBody(app, program, exports);
  return `${[...variables, ...body].join('\n')}\n`;
}

const explained: Readonly<Record<string, string>> = {
  NAME: 'Name of the application',
  DJANGODIR: 'Django project directory',
  SOCKFILE: 'we will communicte using this unix socket',
  USER: 'the user to run as',
  GROUP: 'the group to run as',
  NUM_WORKERS: 'how many worker processes should Gunicorn spawn',
  DJANGO_SETTINGS_MODULE: 'which settings file should Django use',
  DJANGO_WSGI_MODULE: 'WSGI module name',
};

function variableLines(app: App, plain: boolean): readonly string[] {
  const name = /^[\w.@:/+-]+$/.test(app.processName) ? `"${app.processName}"` : quoteWord(app.processName);
  const pairs: readonly (readonly [string, string])[] = [
    ...(leavesToFile(app, 'name') ? [] : [['NAME', name] as const]),
    ['DJANGODIR', quoteWord(app.project)],
    ['SOCKFILE', quoteWord(app.socket)],
    ['USER', quoteWord(app.user)],
    ...(app.group === null ? [] : [['GROUP', quoteWord(app.group)] as const]),
    ...(leavesToFile(app, 'workers') ? [] : [['NUM_WORKERS', String(app.workers)] as const]),
    ['DJANGO_SETTINGS_MODULE', quoteWord(app.settings)],
    ['DJANGO_WSGI_MODULE', quoteWord(app.wsgi)],
  ];
  const lines = pairs.map(([key, value]) => `${key}=${value}`);
  const width = Math.max(...lines.map(line => line.length)) + 2;
  const commented = lines.map((line, index) => {
    const remark = explained[pairs[index]?.[0] ?? ''] ?? '';
    return `${line.padEnd(width)}# ${plain ? remark : remark.replace('communicte', 'communicate')}`;
  });
  return [
    plain ? '#!/bin/bash' : `#!/bin/sh\n# ${writtenBy(`[app.${app.name}]`)}\nset -eu`,
    '',
    ...commented,
    '',
  ];
}

/** The script of the well-known article, with its variables. */
function plainBody(app: App, ref: (name: string) => string, exports: readonly string[]): readonly string[] {
  const up = relative(app.project, app.root) === '..' ? '..' : quoteWord(app.root);
  return [
    `echo "Starting ${leavesToFile(app, 'name') ? app.name : '$NAME'} as \`whoami\`"`,
    '',
    '# Activate the virtual environment',
    `cd ${ref('DJANGODIR')}`,
    `source ${up}/bin/activate`,
    'export DJANGO_SETTINGS_MODULE=$DJANGO_SETTINGS_MODULE',
    'export PYTHONPATH=$DJANGODIR:$PYTHONPATH',
    ...exports,
    '',
    "# Create the run directory if it doesn't exist",
    `RUNDIR=$(dirname ${ref('SOCKFILE')})`,
    `test -d ${ref('RUNDIR')} || mkdir -p ${ref('RUNDIR')}`,
    '',
    '# Start your Django Unicorn',
    '# Programs meant to be run under supervisor should not daemonize themselves (do not use --daemon)',
    ...gunicornLines(app, `${up}/bin/gunicorn`, ref, ['--log-file=-']),
  ];
}

/** The same without bash and bin/activate, with a clean environment and no way to more rights. */
function hardBody(app: App, program: Program | undefined, exports: readonly string[]): readonly string[] {
  const usual = appEnvironment({ ...app, env: {} });
  const directory = program?.directory ?? app.project;
  const protect = program?.noNewPrivileges === true ? '/usr/bin/setpriv --no-new-privs -- ' : '';
  const ref = (name: string) => `"$${name}"`;
  return [
    '# What bin/activate and manage.py would set.',
    ...['VIRTUAL_ENV', 'PATH', 'LANG'].map(name => `export ${name}=${quoteWord(usual[name] ?? '')}`),
    'export DJANGO_SETTINGS_MODULE PYTHONPATH="$DJANGODIR"',
    ...exports,
    '',
    `umask ${(program?.umask ?? 0o022).toString(8).padStart(3, '0')}`,
    `cd ${directory === app.project ? '"$DJANGODIR"' : quoteWord(directory)}`,
    `mkdir -p ${quoteWord(dirname(app.socket))}`,
    '',
    '# Whoever may connect to the socket can pretend to be nginx, and so any client: gunicorn makes it for everybody.',
    '# Where www-data is in the group of the app, add: --umask 007',
    ...gunicornLines(app, `${quoteWord(app.root)}/bin/gunicorn`, ref, ['--log-file=-'], protect),
  ];
}

function gunicornLines(
  app: App,
  gunicorn: string,
  ref: (name: string) => string,
  last: readonly string[],
  before = '',
): readonly string[] {
  const callable = app.wsgi.includes(':') ? ref('DJANGO_WSGI_MODULE') : callableOf(ref('DJANGO_WSGI_MODULE'));
  const options = [
    ...(leavesToFile(app, 'name') ? [] : [`--name ${ref('NAME')}`]),
    ...(leavesToFile(app, 'workers') ? [] : [`--workers ${ref('NUM_WORKERS')}`]),
    `--user=${ref('USER')}${app.group === null ? '' : ` --group=${ref('GROUP')}`}`,
    `--bind=unix:${ref('SOCKFILE')}`,
    ...(app.threads === null ? [] : [`--threads ${app.threads}`]),
    ...(app.workerClass === null ? [] : [`--worker-class ${quoteWord(app.workerClass)}`]),
    ...tuning(app).map(words => words.join(' ')),
    ...(app.gunicornArgs.length === 0 ? [] : [app.gunicornArgs.map(quoteWord).join(' ')]),
    ...last.filter(option => !app.gunicornArgs.some(given => given.startsWith(option.split('=')[0] ?? ''))),
  ];
  return [`exec ${before}${gunicorn} ${callable}`, ...options].map(
    (line, index, lines) => `${index === 0 ? '' : '  '}${line}${index === lines.length - 1 ? '' : ' \\'}`,
  );
}

function callableOf(reference: string): string {
  return reference.startsWith('"')
    ? '"$DJANGO_WSGI_MODULE":application'
    : `$${'{DJANGO_WSGI_MODULE}'}:application`;
}
