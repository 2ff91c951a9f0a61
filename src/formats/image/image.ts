// A Containerfile for each app: its virtualenv and its code at the paths that they have on the machine, so that commands stay as they are.
// What is kept out of the image is in .containerignore, which Docker calls Containerfile.dockerignore.

import { relative } from 'node:path';
import type { App, Host } from '../../model/host.ts';
import { problemsOf } from '../containers/unsaid.ts';
import { containerIds, fileOf, mediaOf, type Workload, workloadsOf } from '../containers/workload.ts';
import { containerDefaults, type Format, type OutputFile } from '../format.ts';
import { writtenBy } from '../layout.ts';
import { escapePattern, escapeWord, quoteVariable, quoteWords } from './quote.ts';

export const image: Format = {
  name: 'image',
  write(host, { container = containerDefaults }) {
    const workloads = workloadsOf(host, container);
    const problems = workloads.flatMap(({ app }) => envFileProblem(app));
    const files = workloads.flatMap(workload => {
      const { app } = workload;
      const file = (base: string, ending: string, lines: readonly string[]): OutputFile => ({
        kind: 'file',
        path: fileOf(host, app, base, ending),
        text: `# ${writtenBy(`[app.${app.name}]`)}\n${lines.join('\n')}\n`,
        mode: 0o644,
        owner: app.name,
        isOpen: true,
      });
      const sharing = host.apps.filter(({ project }) => project === app.project);
      return [
        file('Containerfile', '', containerfile(host, workload)),
        file('Containerfile', '.dockerignore', ignored([app])),
        ...(sharing[0] === app ? [file('', '.containerignore', ignored(sharing))] : []),
      ];
    });
    return { files, problems };
  },
};

/** What the settings need while static files are collected is not known where a file of variables has it. */
function envFileProblem(app: App) {
  if (app.envFiles.length === 0 || app.static === null) return [];
  return problemsOf('image', { name: app.name, source: app.source, subject: app.name }, [
    [
      'env_file',
      'its variables are not there while static files are collected',
      'defaults in settings.py, or env',
    ],
  ]);
}

function containerfile(host: Host, { app, image: tag, web }: Workload): readonly string[] {
  const { uid, gid } = containerIds(app);
  const project = escapeWord(app.project);
  const media = mediaOf(app);
  const name = fileOf(host, app, 'Containerfile').split('/').at(-1);
  const copies = [app.root, ...(isWithin(app.project, app.root) ? [] : [app.project])];
  return [
    `# Build, in ${JSON.stringify(app.project)}: docker build --file ${name} --tag ${tag} .`,
    'ARG PYTHON=3.13',
    '',
    `FROM docker.io/library/python:${'$'}{PYTHON}-slim AS build`,
    'ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1',
    // Another Python than the image's would not be in the second stage.
    'ENV UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never',
    `ENV VIRTUAL_ENV=${quoteVariable(app.root)}`,
    'RUN python -m venv "$VIRTUAL_ENV"',
    '# The packages first: they change less often than the code. A name in brackets may be missing.',
    'WORKDIR /tmp/requirements',
    'COPY requirements.tx[t] pyproject.tom[l] uv.loc[k] manage.p[y] ./',
    ...run([
      'if [ -f uv.lock ]; then',
      `    ${withUv} && UV_PROJECT_ENVIRONMENT="$VIRTUAL_ENV" uv sync --frozen --inexact --no-dev --no-install-project;`,
      '  elif [ -f requirements.txt ]; then "$VIRTUAL_ENV/bin/python" -m pip install --requirement requirements.txt;',
      '  fi',
    ]),
    `WORKDIR ${project}`,
    'COPY . ./',
    ...run([
      'if [ -f pyproject.toml ] && [ ! -f uv.lock ] && [ ! -f requirements.txt ]; then',
      `    ${withUv} && uv pip install --python "$VIRTUAL_ENV/bin/python" --requirements pyproject.toml;`,
      '  fi',
    ]),
    ...(app.command === null
      ? run(['[ -x "$VIRTUAL_ENV/bin/gunicorn" ] || "$VIRTUAL_ENV/bin/python" -m pip install gunicorn'])
      : []),
    ...collecting(web.program.environment, web.variables.secrets, app),
    '',
    `FROM docker.io/library/python:${'$'}{PYTHON}-slim`,
    ...run([
      `groupadd --gid ${gid} app &&`,
      `  useradd --uid ${uid} --gid ${gid} --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app`,
    ]),
    ...copies.map(path => `COPY --from=build ${quoteWords([escapeWord(path), escapeWord(path)])}`),
    // A new volume has the owner of the directory that it is mounted on.
    ...(media === null
      ? []
      : [`RUN ${quoteWords(['install', '-d', '-o', String(uid), '-g', String(gid), media])}`]),
    `ENV VIRTUAL_ENV=${quoteVariable(app.root)} PYTHONUNBUFFERED=1`,
    ...['PATH', 'PYTHONPATH', 'DJANGO_SETTINGS_MODULE'].map(
      variable => `ENV ${variable}=${quoteVariable(web.program.environment[variable] ?? '')}`,
    ),
    `USER ${uid}:${gid}`,
    `WORKDIR ${escapeWord(web.program.directory ?? app.project)}`,
    `STOPSIGNAL ${web.program.stopsignal}`,
    'EXPOSE 8000',
    `CMD ${quoteWords(web.command)}`,
  ];
}

/**
 * uv is left behind with the first stage. It installs what a pyproject.toml asks for, without the project itself: pip would make a
 * package of it, which a Django project with several directories is not.
 */
const withUv = 'python -m pip install --root-user-action ignore uv';

function run(lines: readonly string[]): readonly string[] {
  return [`RUN ${lines.join(' \\\n')}`];
}

/** collectstatic loads the settings, which may ask for variables: those that are no secret, and something in place of those that are. */
function collecting(
  environment: Readonly<Record<string, string>>,
  secrets: readonly string[],
  app: App,
): readonly string[] {
  if (app.static === null) return [];
  const plain = Object.entries(environment).filter(([name]) => !secrets.includes(name) && name !== 'PATH');
  return [
    ...plain
      .filter(([, value]) => !/[\r\n]/.test(value))
      .map(([name, value]) => `ENV ${name}=${quoteVariable(value)}`),
    ...run([
      'if [ -f manage.py ]; then',
      `    ${[...secrets.map(name => `${name}=not-there-yet`), '"$VIRTUAL_ENV/bin/python"'].join(' ')} manage.py collectstatic --noinput;`,
      '  fi',
    ]),
  ];
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return !way.startsWith('..');
}

/** What no image should have: what others made here, what is secret, and what is made anew in it. */
function ignored(apps: readonly App[]): readonly string[] {
  const made = apps.flatMap(({ root, project, static: files, media, logs, socket, envFiles }) =>
    [root, files, media, logs, socket, ...envFiles]
      .filter(path => path !== null)
      .map(path => relative(project, path))
      .filter(way => way !== '' && !way.startsWith('..'))
      .map(escapePattern),
  );
  const isOwn = apps.some(({ root, project }) => root === project);
  const venv = isOwn ? ['bin', 'include', 'lib', 'lib64', 'share', 'pyvenv.cfg'] : [];
  const always = [
    '.git',
    '**/__pycache__',
    '**/*.py[co]',
    '**/.env',
    '**/.env.*',
    '**/*.pem',
    '**/*.key',
    '.venv',
    'venv',
    'node_modules',
    '**/*.sqlite3',
    '*Containerfile*',
    '.containerignore',
    'compose*.yaml',
    'stack*.yaml',
    'kubernetes*.yaml',
  ];
  return [...new Set([...always, ...venv, ...made])];
}
