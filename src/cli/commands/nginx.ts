// hostctl nginx

import { HostdError } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';
import { find, isCurrent, put, take } from '../files/tree.ts';
import type { Command } from '../program/command.ts';

export const nginxCommand: Command = {
  name: 'nginx',
  summary: "enable or disable an app's virtual host in nginx",
  usage: 'enable|disable APP ... [--out DIR]',
  help: `
Makes or removes the link /etc/nginx/sites-enabled/APP to the file that hostctl emit nginx has written into
sites-available. nginx reads it when it is told to: nginx -t && nginx -s reload`,
  options: { out: { type: 'string', value: 'DIR', help: 'below this directory instead of /' } },
  operands: {
    min: 2,
    max: Number.POSITIVE_INFINITY,
    what: 'enable or disable, and an APP',
    complete: ['enable', 'disable'],
  },
  async run({ operands, options }, { stdout }) {
    const [action = '', ...names] = operands;
    const base = typeof options['out'] === 'string' ? options['out'] : '/';
    if (action !== 'enable' && action !== 'disable')
      throw new HostdError('usage', `unknown word "${action}"`, { hint: 'enable or disable' });
    for (const name of names) {
      if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name))
        throw new HostdError('usage', `"${name}" is no name of an app`);
      const done = action === 'enable' ? enable(base, name) : disable(base, name);
      stdout.write(`${name}: ${done ? `${action}d` : `already ${action}d`}\n`);
    }
    return 0;
  },
};

/** Returns whether there was anything to do. */
function enable(base: string, name: string): boolean {
  const available = `/etc/nginx/sites-available/${name}`;
  if (find(base, available).kind !== 'file')
    throw new HostdError('unknown-name', `cannot enable "${name}": there is no ${available}`, {
      hint: `hostctl emit nginx ${name} --out ${base}`,
    });
  const path = `/etc/nginx/sites-enabled/${name}`;
  const link = { kind: 'link', path, target: `../sites-available/${name}`, owner: name } as const;
  const found = find(base, path);
  if (isCurrent(found, link) || (found.kind === 'link' && found.target === available)) return false;
  if (found.kind !== 'missing')
    throw new HostdError('conflict', `cannot enable "${name}": there is something else at ${path}`, {
      hint: `ls -l ${quoteWord(path)}`,
    });
  put(base, link);
  return true;
}

function disable(base: string, name: string): boolean {
  const path = `/etc/nginx/sites-enabled/${name}`;
  const found = find(base, path);
  if (found.kind === 'missing') return false;
  if (found.kind !== 'link')
    throw new HostdError('conflict', `cannot disable "${name}": ${path} is no link`, {
      hint: `ls -l ${quoteWord(path)}`,
    });
  take(base, path);
  return true;
}
