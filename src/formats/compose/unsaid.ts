// What Compose or Swarm alone have no word for. Pure.

import type { Schedule } from '../../model/host.ts';
import { boundOf } from '../containers/bounds.ts';
import type { Saying } from '../containers/unsaid.ts';
import { isNamed, mediaOf, type Part, type Workload } from '../containers/workload.ts';
import type { ContainerOptions } from '../format.ts';

export function composeSayings(part: Part, workload: Workload, options: ContainerOptions): readonly Saying[] {
  const { program } = part;
  const sayings: Saying[] = [];
  const say = (...saying: Saying) => sayings.push(saying);
  if (program.exitcodes.some(code => code !== 0) || program.exitcodes.length === 0)
    say('exitcodes', 'exit code 0 alone is a good end', 'a command that ends with 0');
  if (!options.swarm && program.startretries !== null && program.autorestart === 'always')
    say('startretries', 'it is started again for ever', 'autorestart = "unexpected"');
  if (program.startsecs > 1 && !options.swarm)
    say('startsecs', 'nobody waits to see whether it stays up', 'leave startsecs out');
  if (program.stderr !== null) for (const saying of stderrSayings(part)) say(...saying);
  if (options.swarm && program.noNewPrivileges && part === workload.web)
    say(
      'no_new_privileges',
      'Swarm has no word for it',
      '"no-new-privileges": true in /etc/docker/daemon.json of each node',
    );
  if (program.schedule !== null) sayings.push(...scheduleSayings(program.schedule));
  if (part === workload.web) {
    sayings.push(...siteSayings(workload));
    if (workload.app.envFiles.length > 0)
      say(
        'env_file',
        'Docker reads the files by rules of its own: quotes and "$" may be part of a value',
        'NAME=value without quotes, or secrets',
      );
    if (options.swarm && mediaOf(workload.app) !== null)
      say(
        'media',
        'each node has files of its own: what is uploaded to one is not on another',
        'a driver for a volume that nodes share, or an object store',
      );
  }
  if (options.swarm) sayings.push(...swarmSayings(part));
  else
    for (const { name } of program.requires.filter(requirement => isNamed(requirement)))
      say(
        'requires',
        `"${name}" is this machine's: the container reaches it by the name ${name}`,
        `HOST "${name}" in settings.py, and the service listening on Docker's bridge`,
      );
  return sayings;
}

/** Docker keeps both streams in one log. */
function stderrSayings({ program: { stderr } }: Part): readonly Saying[] {
  if (stderr === null) return [];
  const usual = { maxBytes: 50 * 1024 ** 2, backups: 10 };
  return (['maxBytes', 'backups'] as const)
    .filter(field => stderr[field] !== usual[field])
    .map(field => [
      `stderr_logfile_${field.toLowerCase()}`,
      'both streams are in one log',
      'the key of stdout_logfile',
    ]);
}

function scheduleSayings({ timezone, catchUp }: Schedule): readonly Saying[] {
  return [
    ...(timezone === null
      ? [
          [
            'schedule',
            'without a timezone its times are those of the container, which is in UTC',
            'timezone = "Europe/Berlin"',
          ] as const,
        ]
      : []),
    ...(catchUp
      ? [
          [
            'catch_up',
            'what its container was down for is made up for within five minutes alone',
            'a command that looks at what is left to do',
          ] as const,
        ]
      : []),
  ];
}

/** What is in front of the app: neither has a proxy that knows host names. */
function siteSayings({ app }: Workload): readonly Saying[] {
  const inFront = 'hostd in front, with upstreams, or another proxy';
  const sayings: Saying[] = [];
  if (app.certificate !== null)
    for (const key of ['certificate', 'certificate_key']) sayings.push([key, 'it speaks no TLS', inFront]);
  if (app.redirectHttps) sayings.push(['redirect_https', 'nobody redirects to https', inFront]);
  if (app.clientMaxBodySize !== 4 * 1024 ** 3)
    sayings.push(['client_max_body_size', 'nothing bounds the length of a request', inFront]);
  if (app.proxyReadTimeout !== 60)
    sayings.push(['proxy_read_timeout', 'nothing but its own timeout bounds the time of an answer', inFront]);
  return sayings;
}

function swarmSayings({ program }: Part): readonly Saying[] {
  const sayings: Saying[] = [];
  const say = (...saying: Saying) => sayings.push(saying);
  if (program.oomScoreAdj !== null) say('oom_score_adj', 'Swarm has no word for it', 'leave it out');
  if (boundOf(program, 'cpuWeight') !== null) say('cpu_weight', 'Swarm has no weights', 'cpu_max = "..."');
  if (boundOf(program, 'ioWeight') !== null) say('io_weight', 'Swarm has no weights', 'leave it out');
  for (const { name } of program.requires.filter(isNamed))
    say(
      'requires',
      `"${name}" is this machine's: no node of a Swarm reaches it`,
      `a service "${name}" in the stack's network, or requires = ["ADDRESS:PORT"]`,
    );
  return sayings;
}
