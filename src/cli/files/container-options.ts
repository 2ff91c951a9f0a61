// The options of emit that are about containers: what they are called, and what they may be.

import { HostdError } from '../../errors.ts';
import { type ContainerOptions, containerDefaults } from '../../formats/format.ts';
import type { Input, Option } from '../program/command.ts';

/** Which formats an option is for. */
const uses = {
  swarm: ['compose'],
  registry: ['compose', 'kubernetes', 'image'],
  tag: ['compose', 'kubernetes', 'image'],
  replicas: ['compose', 'kubernetes'],
  port: ['compose'],
  autoscale: ['kubernetes'],
  storage: ['kubernetes'],
  'no-migrations': ['compose', 'kubernetes'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export const containerOptions = {
  swarm: { type: 'boolean', help: 'compose: for docker stack deploy' },
  registry: { type: 'string', value: 'HOST/X', help: 'where the images are pushed to' },
  tag: { type: 'string', value: 'TAG', help: 'of the images; default: latest' },
  replicas: { type: 'string', value: 'N', help: 'copies of what serves the site' },
  port: { type: 'string', value: 'N', help: 'of the site on its node' },
  autoscale: { type: 'string', value: 'MIN-MAX', help: 'kubernetes: copies, by the use of processors' },
  storage: { type: 'string', value: 'SIZE', help: 'kubernetes: of the volume for media; default: 10Gi' },
  'no-migrations': { type: 'boolean', help: 'without manage.py migrate' },
} as const satisfies Readonly<Record<keyof typeof uses, Option>>;

/** Throws HostdError for a value that makes no sense, and for an option that the format does nothing with. */
export function containerOptionsOf(format: string, given: Input['options']): ContainerOptions {
  for (const [option, formats] of Object.entries(uses) as [keyof typeof uses, readonly string[]][])
    if (given[option] !== undefined && !formats.includes(format))
      throw new HostdError('usage', `"${format}" takes no --${option}`, {
        hint: `hostctl emit ${formats.join('|')} --${option}`,
      });
  return {
    ...containerDefaults,
    swarm: given['swarm'] === true,
    migrations: given['no-migrations'] !== true,
    replicas: numberOf(given, 'replicas', 1, 1000) ?? containerDefaults.replicas,
    port: numberOf(given, 'port', 1, 65_535),
    registry: textOf(
      given,
      'registry',
      /^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
      'registry.example.org/team',
    ),
    tag: textOf(given, 'tag', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, '2026-11-28') ?? containerDefaults.tag,
    autoscale: rangeOf(given),
    storage: textOf(given, 'storage', /^[1-9]\d{0,6}(Mi|Gi|Ti)$/, '10Gi') ?? containerDefaults.storage,
  };
}

function numberOf(given: Input['options'], option: string, least: number, most: number): number | null {
  const value = given[option];
  if (value === undefined) return null;
  const number = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new HostdError(
    'usage',
    `cannot use --${option} ${JSON.stringify(value)}: it is no number from ${least} to ${most}`,
    {
      hint: `--${option} 3`,
    },
  );
}

/** "2-10". */
function rangeOf(given: Input['options']): ContainerOptions['autoscale'] {
  const written = textOf(given, 'autoscale', /^\d{1,4}-\d{1,4}$/, '2-10');
  if (written === null) return null;
  const [least = 0, most = 0] = written.split('-').map(Number);
  if (least >= 1 && least <= most) return { least, most };
  throw new HostdError('usage', `cannot use --autoscale ${written}: it is no range`, {
    hint: '--autoscale 2-10',
  });
}

function textOf(given: Input['options'], option: string, rule: RegExp, example: string): string | null {
  const value = given[option];
  if (value === undefined) return null;
  if (typeof value === 'string' && rule.test(value)) return value;
  throw new HostdError('usage', `cannot use --${option} ${JSON.stringify(value)}: it cannot be that`, {
    hint: `--${option} ${example}`,
  });
}
