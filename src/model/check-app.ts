// What an app needs on its machine: a user, a group, a virtualenv with gunicorn in it, a project.

import { appEnvironment } from './app.ts';
import { commandProblem } from './check-program.ts';
import { isElsewhere } from './elsewhere.ts';
import type { App } from './host.ts';
import type { Machine } from './machine.ts';
import type { Problem } from './problem.ts';

export function checkApp(app: App, machine: Machine | null): readonly Problem[] {
  if (isElsewhere(app)) return machine === null ? [] : checkAccounts(app, machine);
  const facts = machine === null ? [] : [...checkAccounts(app, machine), ...checkFiles(app, machine)];
  return [...checkTimes(app), ...facts];
}

/** Times for which gunicorn waits longer than the proxy, which then tells the visitor that it took too long. */
function checkTimes(app: App): readonly Problem[] {
  const { timeout, proxyReadTimeout } = app;
  if (timeout === null || app.command !== null || (timeout !== 0 && timeout <= proxyReadTimeout)) return [];
  if (timeout === 0) return [];
  const longer = `visitors get 504 after ${proxyReadTimeout} seconds (proxy_read_timeout)`;
  return [
    {
      ...problemOf(
        app,
        'timeout',
        `timeout = ${timeout} is never reached: ${longer}`,
        `proxy_read_timeout = "${timeout + 5}s"`,
      ),
      severity: 'warning',
    },
  ];
}

function checkAccounts(app: App, machine: Machine): readonly Problem[] {
  const problems: Problem[] = [];
  if (app.group !== null && machine.group(app.group) === null)
    problems.push(
      problemOf(app, 'group', `group "${app.group}" does not exist`, `groupadd --system ${app.group}`),
    );
  if (machine.user(app.user) === null) {
    const group = app.group === null ? '--user-group' : `--gid ${app.group}`;
    const command = `useradd --system ${group} --home ${app.root} ${app.user}`;
    const hint = `hostctl create ${app.name}, or: ${command}`;
    problems.push(problemOf(app, 'user', `user "${app.user}" does not exist`, hint));
  }
  return problems;
}

function checkFiles(app: App, machine: Machine): readonly Problem[] {
  if (machine.kind(app.root) === 'missing') {
    const hint = `hostctl create ${app.name}, or: python3 -m venv ${app.root}`;
    return [problemOf(app, 'root', `virtualenv "${app.root}" does not exist`, hint)];
  }
  const problems = [...checkCommand(app, machine)];
  const project = machine.kind(app.project);
  if (project === 'missing' || project === 'file') {
    const wrong = project === 'missing' ? 'does not exist' : 'is not a directory';
    const hint = 'put the Django project there, or say where it is: project = "/..."';
    problems.push(problemOf(app, 'project', `project directory "${app.project}" ${wrong}`, hint));
  }
  return problems;
}

function checkCommand(app: App, machine: Machine): readonly Problem[] {
  if (app.command !== null) {
    const wrong = commandProblem(app.command, appEnvironment(app)['PATH'] ?? '', machine);
    return wrong === null ? [] : [problemOf(app, 'command', wrong, 'command = "/..."')];
  }
  const gunicorn = `${app.root}/bin/gunicorn`;
  if (machine.kind(gunicorn) === 'missing') {
    if (machine.kind(`${app.root}/bin`) === 'missing') {
      const hint = `root = "/...", the directory that bin/python is in, or: python3 -m venv ${app.root}`;
      return [problemOf(app, 'root', `"${app.root}" is no virtualenv: it has no bin directory`, hint)];
    }
    // uv makes virtualenvs without pip.
    const pip = machine.kind(`${app.root}/bin/pip`) === 'missing';
    const hint = pip
      ? `uv pip install --python ${app.root}/bin/python gunicorn, or: ${app.root}/bin/python -m ensurepip, then: ${app.root}/bin/python -m pip install gunicorn`
      : `${app.root}/bin/pip install gunicorn`;
    return [problemOf(app, 'root', `"${gunicorn}" does not exist`, hint)];
  }
  if (machine.isExecutable(gunicorn)) return [];
  return [problemOf(app, 'root', `"${gunicorn}" is not executable`, `chmod +x ${gunicorn}`)];
}

function problemOf(app: App, key: string, message: string, hint: string): Problem {
  return {
    severity: 'error',
    message: `app "${app.name}": ${message}`,
    hint,
    at: { file: app.source.file, key: [...app.source.key, key] },
    subject: app.name,
  };
}
