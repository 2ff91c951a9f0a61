// The text of apps.d/NAME.toml. Pure.

import { tomlKey, tomlText } from './quote.ts';

export interface AppTable {
  readonly name: string;
  readonly root: string;
  readonly user: string;
  readonly group: string;
  readonly project: string;
  readonly settings: string;
  readonly wsgi: string;
  readonly hosts: readonly string[];
  /** null: the table has no such key. */
  readonly health: string | null;
  readonly env: Readonly<Record<string, string>>;
}

/** gunicorn's workers, as in the well-known article. */
const workers = 3;

export function appToml(app: AppTable): string {
  const key = tomlKey(app.name);
  const lines = [
    '# Made by hostctl create; yours to change. What is not here follows from root.',
    `[app.${key}]`,
    `root         = ${tomlText(app.root)}`,
    `user         = ${tomlText(app.user)}`,
    `group        = ${tomlText(app.group)}`,
    `project      = ${tomlText(app.project)}`,
    `settings     = ${tomlText(app.settings)}`,
    `wsgi         = ${tomlText(app.wsgi)}`,
    `workers      = ${workers}`,
    `server_names = [${app.hosts.map(tomlText).join(', ')}]`,
    ...(app.health === null ? [] : [`health       = ${tomlText(app.health)}`]),
  ];
  const env = Object.entries(app.env).map(([name, value]) => `${tomlKey(name)} = ${tomlText(value)}`);
  if (env.length > 0) lines.push('', `[app.${key}.env]`, ...env);
  return `${lines.join('\n')}\n`;
}
