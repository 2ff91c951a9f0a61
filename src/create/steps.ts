// The steps of an order, and their titles. Pure.

import { directories, projectTop } from './layout.ts';
import type { Order } from './order.ts';

export type StepKind =
  | 'group'
  | 'user'
  | 'root'
  | 'directories'
  | 'virtualenv'
  | 'code'
  | 'packages'
  | 'driver'
  | 'secret'
  | 'settings'
  | 'project'
  | 'role'
  | 'database'
  | 'migrate'
  | 'static'
  | 'health'
  | 'toml';

/** The steps of an order. The last one, telling hostd, is the command's own. */
export function stepsOf(order: Order): readonly StepKind[] {
  const isNew = order.code.kind === 'django';
  const postgresql = order.database?.kind === 'postgresql';
  return [
    'group',
    'user',
    'root',
    'directories',
    'virtualenv',
    ...(isNew ? [] : (['code'] as const)),
    'packages',
    ...(postgresql ? (['driver'] as const) : []),
    'secret',
    ...(isNew ? (['project'] as const) : (['settings'] as const)),
    ...(postgresql ? (['role', 'database'] as const) : []),
    'migrate',
    'static',
    'health',
    'toml',
  ];
}

/** The subject of a step, which begins its line of output. */
export function titleOf(kind: StepKind, order: Order): string {
  switch (kind) {
    case 'group':
      return `group "${order.group}"`;
    case 'user':
      return `user "${order.user}"`;
    case 'root':
      return `directory ${order.root}`;
    case 'directories':
      return `directories ${directories.map(({ name }) => name).join(', ')}`;
    case 'virtualenv':
      return 'virtualenv';
    case 'code':
      return `code ${order.root}/${projectTop(order)}`;
    case 'packages':
      return 'packages';
    case 'driver':
      return "PostgreSQL's driver";
    case 'secret':
      return 'SECRET_KEY';
    case 'project':
      return `project ${order.project}`;
    case 'role':
      return `PostgreSQL role "${order.database?.role}"`;
    case 'database':
      return `PostgreSQL database "${order.database?.name}"`;
    case 'migrate':
      return 'migrations';
    case 'static':
      return 'static files';
    case 'settings':
      return 'settings';
    case 'health':
      return 'health path';
    case 'toml':
      return 'configuration';
  }
}
